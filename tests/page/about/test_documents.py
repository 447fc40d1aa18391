"""The links behind "What is this?"."""

from page.about import documents
from page.sharing.button import space_address


def test_a_space_links_to_its_files_and_to_the_page_without_a_server():
    environ = {"SPACE_ID": "user/page", "DIGIT_STATIC_SPACE": "user/static"}
    space, static = space_address(environ), space_address(environ, "DIGIT_STATIC_SPACE")
    found = documents.links(space, static).values()
    assert "https://huggingface.co/spaces/user/static" in found
    assert "https://huggingface.co/spaces/user/page/blob/main/README.md" in found


def test_elsewhere_the_documents_are_served_by_the_page_itself():
    assert "documents/README.md" in documents.links("").values()
