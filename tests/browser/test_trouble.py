"""Trouble with the connection is reported in the answer's place."""

import pytest
from playwright.sync_api import Page, expect

from page.settings import MAX_UPLOAD_MEGABYTES
from tests.browser.helpers import (
    HOLD_QUESTIONS,
    PATIENCE,
    choose_picture,
    draw,
    expect_number,
    open_page,
    upload,
)
from tests.helpers import ROOT, free_port, served

JOIN = "**/gradio_api/queue/join*"


# Where an element would be without the message that stands in its place.
USUAL_BOX = """element => {
  const note = document.querySelector("#trouble .note");
  const sentence = note.textContent;
  note.textContent = "";
  const box = element.getBoundingClientRect();
  note.textContent = sentence;
  return { y: box.y, height: box.height };
}"""


def expect_trouble(page: Page, sentence: str) -> None:
    note, hero = page.locator("#trouble .note"), page.locator("#answer .hero")
    expect(note).to_contain_text(sentence)
    expect(hero).to_be_hidden()
    place = note.bounding_box()
    usual = hero.evaluate(USUAL_BOX)
    assert [place["y"], place["height"]] == pytest.approx([usual["y"], usual["height"]], abs=4)
    expect(page.locator(".toast-body:visible")).to_have_count(0)


def expect_no_trouble(page: Page) -> None:
    expect(page.locator("#trouble .note")).to_have_text("")


def test_the_size_limit_is_shown_in_advance(page):
    page.get_by_role("tab", name="Image").click()
    expect(page.locator("#image")).to_contain_text(f"up to {MAX_UPLOAD_MEGABYTES} MB")


def test_a_message_outlives_the_answer_to_an_earlier_question(browser, app_url, tmp_path):
    opened = browser.new_page()
    answered = "document.addEventListener('answered', () => (window.isAnswered = true))"
    opened.add_init_script(f"{HOLD_QUESTIONS} {answered}")
    opened.goto(app_url)
    # What is drawn is asked whether or not the page asks about the empty pad when it opens.
    opened.wait_for_selector("#pad [data-tool=clear]")
    draw(opened, 7)
    opened.wait_for_function("window.isAsked", timeout=PATIENCE)
    with (tmp_path / "huge.png").open("wb") as huge:
        huge.truncate(MAX_UPLOAD_MEGABYTES * 2**20 + 1)
    choose_picture(opened, tmp_path / "huge.png")
    expect_trouble(opened, "huge.png is 26 MB")
    opened.evaluate("window.release()")
    opened.wait_for_function("window.isAnswered", timeout=PATIENCE)
    expect_trouble(opened, "huge.png is 26 MB")
    opened.close()


def test_a_file_that_is_too_large_is_not_sent(page, tmp_path):
    sent = []
    page.on("request", lambda r: sent.append(r.url) if "upload" in r.url else None)
    with (tmp_path / "huge.png").open("wb") as huge:
        huge.truncate(MAX_UPLOAD_MEGABYTES * 2**20 + 1)
    choose_picture(page, tmp_path / "huge.png")
    expect_trouble(page, f"huge.png is 26 MB; the limit is {MAX_UPLOAD_MEGABYTES} MB")
    assert not sent
    upload(page, "broken.png", b"no picture at all")
    expect(page.locator("#answer .hero.problem")).to_contain_text("text file")
    expect_no_trouble(page)


@pytest.mark.parametrize(
    ("answer", "sentence"), [(503, "Many people"), (500, "Something went wrong")]
)
def test_a_server_that_is_busy_or_broken(page, answer, sentence):
    page.route(JOIN, lambda route: route.fulfill(status=answer, json={"detail": "Queue is full."}))
    draw(page, 7)
    expect_trouble(page, sentence)
    page.unroute(JOIN)
    draw(page, 7)
    expect_number(page, "7")
    expect_no_trouble(page)


def test_choices_still_work_after_one_that_failed(page):
    draw(page, 7)
    expect_number(page, "7")
    page.route(JOIN, lambda route: route.abort(), times=1)
    page.locator('#answer [data-target="2"]').click()
    expect_trouble(page, "The server does not answer")
    page.locator('#answer [data-target="9"]').click()
    expect(page.locator("#pictures")).to_contain_text("Why 7 and not 9")
    expect_no_trouble(page)


def test_a_drawing_survives_a_connection_that_breaks(page):
    draw(page, 7, width=0.5)
    expect_number(page, "7")
    broken = ("**/gradio_api/queue/data*", "**/gradio_api/app_id")
    for way in broken:
        page.route(way, lambda route: route.abort())
    draw(page, 1, left=0.5, width=0.5)
    expect_trouble(page, "The server does not answer")
    for way in broken:
        page.unroute(way)
    expect_number(page, "71")
    expect_no_trouble(page)


# The server ends the stream of answers once all are given; the browser hears of that end only after
# it has heard that the next question arrived.
LATE_END = """
const ask = window.fetch;
let heardOfQuestion = () => {};
window.fetch = async (input, init) => {
  const address = String(input.url ?? input);
  const response = await ask(input, init);
  if (address.includes("queue/join")) setTimeout(() => heardOfQuestion(), 300);
  if (!address.includes("queue/data")) return response;
  const holdEnd = new TransformStream({
    transform: async (chunk, controller) => {
      const text = new TextDecoder().decode(chunk);
      const [, before, end] = /^(.*?)(data: {"msg":"close_stream".*)?$/s.exec(text);
      controller.enqueue(new TextEncoder().encode(before));
      if (!end) return;
      window.endsHeld = (window.endsHeld ?? 0) + 1;
      await new Promise((heard) => (heardOfQuestion = heard));
      controller.enqueue(new TextEncoder().encode(end));
    },
  });
  return new Response(response.body.pipeThrough(holdEnd), response);
};
"""


def test_no_answer_is_lost_as_the_stream_of_answers_ends(browser, app_url):
    page = browser.new_page()
    page.add_init_script(LATE_END)
    page.goto(app_url)
    page.wait_for_selector("#pad [data-tool=clear]")
    draw(page, 7, width=0.5)
    expect_number(page, "7")
    page.wait_for_function("window.endsHeld > 0")
    draw(page, 1, left=0.5, width=0.5)
    expect_number(page, "71")
    page.close()


def test_a_server_that_is_gone(page):
    page.route(JOIN, lambda route: route.abort())
    draw(page, 7)
    expect_trouble(page, "The server does not answer")
    page.unroute(JOIN)
    draw(page, 7)
    expect_number(page, "7")
    expect_no_trouble(page)


def test_after_a_restart_the_drawing_is_read_again_by_itself(browser, tmp_path):
    port = free_port()
    with served(ROOT, tmp_path, port=port):
        opened = open_page(browser, f"http://127.0.0.1:{port}")
        draw(opened, 7, width=0.5)
        expect_number(opened, "7")
    draw(opened, 1, left=0.5, width=0.5)
    expect(opened.locator("#trouble .note")).to_contain_text("tries again by itself")
    assert opened.locator("#answer").evaluate("answer => answer.inert")
    with served(ROOT, tmp_path, port=port):
        expect(opened.locator("#answer .number")).to_have_text("71", timeout=3 * PATIENCE)
        expect_no_trouble(opened)
        assert not opened.locator("#answer").evaluate("answer => answer.inert")
        opened.close()
