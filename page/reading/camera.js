// The camera: a frame to aim with, one photo at a press, or continuous reading while the paper is held.
// What lies inside the frame becomes the component's value, a JPEG in a data: URL. The event "picture"
// asks for its answer. Continuous reading only looks at each picture, with the event "look", and asks
// for an answer once several in a row say the same. The camera is off as soon as its tab or the page
// is left.
const MAX_SIDE = 720; // pixels of the longer side of the picture that is sent
const MIN_PAUSE = 400; // milliseconds between two live pictures
const DEADLINE = 10_000; // milliseconds after which a live picture is no longer waited for
const AGREEING = 3; // live pictures in a row that must say the same

const PROBLEMS = {
  NotAllowedError: "not_allowed",
  NotFoundError: "not_found",
  NotReadableError: "not_readable",
  insecure: "insecure",
};
const stage = element.querySelector(".stage");
const video = element.querySelector("video");
const aim = element.querySelector(".aim");
const note = element.querySelector(".note");
const button = (name) => element.querySelector(`[data-camera="${name}"]`);
const framing = loadModule("aim.js");
let insideFrame = null; // of that module
let stream = null;
let isStarting = false;
let live = false;
let sent = 0; // when the picture was sent whose answer is awaited, or 0
let timer = null;
let seen = []; // what the last live pictures said, "" if a digit was missing or unclear
let answered = ""; // what the answer on the page says

async function start() {
  if (isStarting) return;
  isStarting = true;
  note.textContent = TEXTS.camera.waiting;
  try {
    if (!navigator.mediaDevices) throw { name: "insecure" };
    stream = await navigator.mediaDevices.getUserMedia({
      video: {
        width: { ideal: (4 * MAX_SIDE) / 3 },
        height: { ideal: MAX_SIDE },
        facingMode: { ideal: "environment" },
      },
    });
  } catch (error) {
    note.textContent = TEXTS.camera[PROBLEMS[error.name] ?? "not_found"];
    return;
  } finally {
    isStarting = false;
  }
  if (!stage.offsetWidth || document.hidden) return stop(); // the tab was left before the camera was allowed
  ({ insideFrame } = await framing);
  video.srcObject = stream;
  await video.play();
  show();
}

function stop() {
  setLive(false);
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = video.srcObject = null;
  props.value = "";
  show();
}

function show() {
  if (!live) note.textContent = stream ? "" : TEXTS.camera.hint;
  stage.classList.toggle("on", stream !== null);
  button("start").textContent = stream ? TEXTS.camera.stop : TEXTS.camera.start;
  button("live").setAttribute("aria-pressed", live);
  button("take").textContent = stream && video.paused ? TEXTS.camera.again : TEXTS.camera.take;
  button("take").disabled = button("live").disabled = !stream;
}

function take() {
  setLive(false);
  if (video.paused) video.play();
  else {
    video.pause();
    capture();
    trigger("picture");
  }
  show();
}

function setLive(on) {
  live = on;
  clearTimeout(timer);
  [sent, seen, answered] = [0, [], ""];
  if (on) {
    video.play();
    readOn();
  }
}

function readOn() {
  const waited = performance.now() - sent;
  if (!sent || waited > DEADLINE) {
    capture();
    sent = performance.now();
    trigger("look");
  }
  timer = setTimeout(readOn, MIN_PAUSE);
}

// Ask for an answer once several pictures agree; otherwise the note says what to do.
function compare(text) {
  seen = [...seen, text].slice(-AGREEING);
  if (seen.length < AGREEING) return;
  if (!seen.every((one) => one === text)) advise(TEXTS.camera.still);
  else if (!text) advise(TEXTS.camera.closer);
  else {
    note.textContent = "";
    if (text === answered) return;
    answered = text;
    sent = performance.now(); // the next picture waits for this answer
    trigger("picture");
  }
}

// The answer on the page, if there is one, is to what was held up before.
function advise(sentence) {
  note.textContent = sentence;
  answered = "";
  document.dispatchEvent(new Event("outdated"));
}

function capture() {
  const cut = insideFrame(video, aim);
  const scale = Math.min(1, MAX_SIDE / Math.max(cut.width, cut.height));
  const sheet = document.createElement("canvas");
  [sheet.width, sheet.height] = [cut.width, cut.height].map((side) => Math.round(scale * side));
  const source = [cut.left, cut.top, cut.width, cut.height];
  sheet.getContext("2d").drawImage(video, ...source, 0, 0, sheet.width, sheet.height);
  props.value = sheet.toDataURL("image/jpeg", 0.9);
}

element.addEventListener("click", (event) => {
  const name = event.target.closest("[data-camera]")?.dataset.camera;
  if (name === "start") stream ? stop() : start();
  else if (name === "take") take();
  else if (name === "live") {
    setLive(!live);
    show();
  }
});
document.addEventListener("answered", () => (sent = 0));
document.addEventListener("looked", ({ detail: text }) => {
  if (!live) return;
  sent = 0;
  compare(text);
});
// The answer that a visitor corrects must not change meanwhile.
document.addEventListener("correcting", () => live && take());
document.addEventListener("visibilitychange", () => {
  if (document.hidden && stream) stop();
});
// A stage without a size is in a tab that is not open.
new ResizeObserver(() => {
  if (!stage.offsetWidth && stream) stop();
}).observe(stage);
show();
