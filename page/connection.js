// The connection to the server: no answer is lost, and trouble that the server cannot report itself is
// shown as a sentence in the answer's place.

// Whether the sentence is about a file that was not sent. It then stays when an answer arrives, which is
// about something else, such as the tab that was just opened.
let isAboutFile = false;

function report(sentence) {
  const note = document.querySelector("#trouble .note");
  if (note && note.textContent !== sentence) note.textContent = sentence;
  isAboutFile = false;
}

function refuse(sentence) {
  report(sentence);
  isAboutFile = true;
}

const RETRY_MILLISECONDS = 2000;
let retrying = null;

// A server that restarts is asked until it is back, and then the last question is asked again.
function retryLater() {
  retrying ??= setTimeout(async () => {
    retrying = null;
    const response = await fetchUnwatched("gradio_api/app_id").catch(() => null);
    if (response?.ok) document.dispatchEvent(new Event("server back"));
    else retryLater();
  }, RETRY_MILLISECONDS);
}

// Gradio 6.31 opens a stream of answers with its first question, and the server ends it with the last
// answer. A question that arrives just then is answered on the next stream, which Gradio does not open
// if it hears of the end too late, and so the answer would never come. Therefore Gradio gets one stream
// that does not end; it is fed by a stream of the server as long as a question waits for its answer.
class AnswerStream {
  #ask = null; // opens a stream of the server
  #controller = null; // of the stream that Gradio reads
  #isFed = false;
  #unanswered = new Set(); // ids of questions
  #early = new Set(); // ids of questions answered before the browser hears that they arrived

  // Return the response with the stream that Gradio reads.
  async open(ask) {
    const first = await ask();
    if (!first.ok) return first;
    this.#ask = ask;
    const endless = new ReadableStream({ start: (controller) => (this.#controller = controller) });
    this.#feed(first);
    return new Response(endless, first);
  }

  expect(id) {
    if (this.#early.delete(id)) return;
    this.#unanswered.add(id);
    if (this.#controller && !this.#isFed) this.#feed();
  }

  async #feed(response) {
    this.#isFed = true;
    try {
      do {
        response ??= await this.#ask();
        if (!response.ok) throw new Error(`The stream of answers has status ${response.status}.`);
        await this.#pass(response.body);
        response = null;
      } while (this.#unanswered.size);
    } catch (error) {
      this.#controller.error(error);
      this.#controller = null;
      this.#unanswered.clear();
    }
    this.#isFed = false;
  }

  async #pass(body) {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      const events = (rest + part.value).split("\n\n");
      rest = events.pop();
      for (const event of events) this.#tell(event);
    }
  }

  #tell(event) {
    const { msg, event_id: id } = JSON.parse(event.slice("data: ".length));
    if (msg === "close_stream") return;
    if (msg === "process_completed" && !this.#unanswered.delete(id)) this.#early.add(id);
    if (msg === "unexpected_error") this.#unanswered.clear(); // the server knows none of them
    this.#controller.enqueue(new TextEncoder().encode(`${event}\n\n`));
  }
}

const answers = new AnswerStream();

const fetchUnwatched = window.fetch.bind(window);
window.fetch = async (input, init) => {
  const address = String(input.url ?? input);
  const ask = () => fetchUnwatched(input, init);
  if (/\/gradio_api\/queue\/data/.test(address)) return answers.open(ask);
  // After an answer that broke off, Gradio asks this until the server is back, and then reloads.
  if (address.endsWith("/gradio_api/app_id")) {
    report(TEXTS.trouble.gone);
    document.dispatchEvent(new Event("lost"));
  }
  if (!/\/gradio_api\/(queue\/join|run\/|upload)/.test(address)) return ask();
  const response = await watched(ask);
  if (response.ok && address.includes("queue/join")) {
    answers.expect((await response.clone().json()).event_id);
  }
  return response;
};

async function watched(ask) {
  try {
    const response = await ask();
    if (!response.ok) {
      report(response.status === 503 ? TEXTS.trouble.busy : TEXTS.trouble.broken);
    }
    return response;
  } catch (error) {
    if (error.name === "AbortError") throw error;
    report(TEXTS.trouble.gone);
    retryLater();
    // Left alone, Gradio would wait for this answer for ever and ask nothing more.
    return Response.json({ detail: TEXTS.trouble.gone }, { status: 503 });
  }
}
document.addEventListener("answered", () => isAboutFile || report(""));
for (const end of ["unanswered", "unpicked"]) {
  document.addEventListener(end, () => {
    if (!document.querySelector("#trouble .note").textContent) report(TEXTS.trouble.broken);
  });
}

