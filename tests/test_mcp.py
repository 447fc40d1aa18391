"""Tools for language models: served if gradio[mcp] is installed, otherwise off."""

import ast
import asyncio
import base64
import importlib.util
import io

import httpx
import pytest

from tests.helpers import sketch

MCP_PATH = "/gradio_api/mcp/"
HAS_MCP = importlib.util.find_spec("mcp") is not None


@pytest.mark.skipif(HAS_MCP, reason="gradio[mcp] is installed")
def test_without_the_package_there_is_no_mcp_server(app_url):
    assert httpx.get(app_url + MCP_PATH).status_code == 404
    assert httpx.get(app_url).status_code == 200


@pytest.mark.skipif(not HAS_MCP, reason="needs gradio[mcp]: pip install 'gradio[mcp]<6.32'")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_tools_are_the_public_endpoints_and_read_a_picture(app_url):
    tools, text = asyncio.run(_call_predict(app_url + MCP_PATH))
    assert {name.removeprefix("digit_reader_") for name in tools} == {
        *("predict", "predict_batch", "explain", "model_info", "health"),
    }
    assert "handwritten" in tools["predict"]
    assert ast.literal_eval(text)[0]["text"] == "147"


async def _call_predict(url: str) -> tuple[dict[str, str], str]:
    """Return the description of each tool by name, and the text that predict returns."""
    from mcp import ClientSession
    from mcp.client.streamable_http import streamablehttp_client

    buffer = io.BytesIO()
    sketch(1, 4, 7).save(buffer, "png")
    picture = "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
    async with (
        streamablehttp_client(url) as (incoming, outgoing, _),
        ClientSession(incoming, outgoing) as session,
    ):
        await session.initialize()
        tools = (await session.list_tools()).tools
        answer = await session.call_tool("predict", {"picture": picture})
        return {tool.name: tool.description for tool in tools}, answer.content[0].text
