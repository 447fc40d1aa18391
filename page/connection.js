// The connection to the server. Trouble that the server cannot report itself is a sentence in the
// answer's place, and no answer is lost on its way.

// Whether the sentence is about a file that was not sent. Then an answer is about something else,
// such as the tab that was just opened, and the sentence stays.
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

// What the server tells about questions, as Gradio 6.31 opens it with its first question and as the
// server ends it with its last answer. A question that reaches the server just then is told about on
// the next stream. If the browser hears that the question arrived before it hears of the end, Gradio
// takes the old stream for open, opens no other, and waits for ever. So no question counts as arrived
// before the stream has named it or Gradio has given the stream up.
class AnswerStream {
  static EVENT_ID = /"event_id":\s*"(\w+)"/g;
  static EVENT_ID_LETTERS = 80;
  static CLOSING_MILLISECONDS = 50; // in which Gradio reads that the stream has ended
  #named = new Set();
  #isOver = false;
  #waiting = [];

  constructor(signal) {
    signal?.addEventListener("abort", () => this.end());
  }

  end() {
    this.#isOver = true;
    this.#wake();
  }

  // Return the response, whose content is looked at on its way to Gradio.
  follow(response) {
    const decoder = new TextDecoder();
    let rest = "";
    const { readable, writable } = new TransformStream({
      transform: (chunk, controller) => {
        const text = rest + decoder.decode(chunk, { stream: true });
        for (const [, id] of text.matchAll(AnswerStream.EVENT_ID)) this.#named.add(id);
        rest = text.slice(-AnswerStream.EVENT_ID_LETTERS);
        controller.enqueue(chunk);
        this.#wake();
      },
      // Chromium may lose the signal with the request that holds it, so an abort alone is not enough.
      flush: () => setTimeout(() => this.end(), AnswerStream.CLOSING_MILLISECONDS),
    });
    response.body.pipeTo(writable).catch(() => this.end());
    return new Response(readable, response);
  }

  async untilNamed(id) {
    while (!this.#isOver && !this.#named.has(id)) {
      await new Promise((wake) => this.#waiting.push(wake));
    }
  }

  #wake() {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

let answers = null; // the stream that was opened last

async function openAnswers(ask, signal) {
  const stream = (answers = new AnswerStream(signal));
  try {
    const response = await ask();
    return response.ok ? stream.follow(response) : response;
  } catch (error) {
    stream.end();
    throw error;
  }
}

const fetchUnwatched = window.fetch.bind(window);
window.fetch = async (input, init) => {
  const address = String(input.url ?? input);
  const ask = () => fetchUnwatched(input, init);
  if (/\/gradio_api\/queue\/data/.test(address)) {
    return openAnswers(ask, init?.signal ?? input.signal);
  }
  // After an answer that broke off, Gradio asks this until the server is back, and then reloads.
  if (address.endsWith("/gradio_api/app_id")) {
    report(TEXTS.trouble.gone);
    document.dispatchEvent(new Event("lost"));
  }
  if (!/\/gradio_api\/(queue\/join|run\/|upload)/.test(address)) return ask();
  const response = await watched(ask);
  if (response.ok && answers && address.includes("queue/join")) {
    const { event_id: id } = await response.clone().json();
    await answers.untilNamed(id);
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

