// The camera: a frame to aim with, one photo at a press, or a reading about twice a second while the
// paper is held. The picture in the frame becomes the component's value, a JPEG in a data: URL, with
// the event "picture". The camera is off as soon as its tab or the page is left.
const MAX_SIDE = 720; // pixels of the square that is shown and sent
const MIN_PAUSE = 500; // milliseconds between two live pictures
const DEADLINE = 10_000; // milliseconds after which a live picture is no longer waited for

const PROBLEMS = {
  NotAllowedError: "not_allowed",
  NotFoundError: "not_found",
  NotReadableError: "not_readable",
  insecure: "insecure",
};
const stage = element.querySelector(".stage");
const video = element.querySelector("video");
const note = element.querySelector(".note");
const button = (name) => element.querySelector(`[data-camera="${name}"]`);
let stream = null;
let isStarting = false;
let live = false;
let sent = 0; // when the picture was sent whose answer is awaited, or 0
let timer = null;

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
  note.textContent = stream ? "" : TEXTS.camera.hint;
  stage.classList.toggle("on", stream !== null);
  button("start").setAttribute("aria-pressed", stream !== null);
  button("live").setAttribute("aria-pressed", live);
  button("take").textContent = stream && video.paused ? TEXTS.camera.again : TEXTS.camera.take;
  button("take").disabled = button("live").disabled = !stream;
}

function take() {
  setLive(false);
  if (video.paused) video.play();
  else {
    video.pause();
    send();
  }
  show();
}

function setLive(on) {
  live = on;
  clearTimeout(timer);
  sent = 0;
  if (on) {
    video.play();
    readOn();
  }
}

function readOn() {
  const waited = performance.now() - sent;
  if (!sent || waited > DEADLINE) send();
  timer = setTimeout(readOn, MIN_PAUSE);
}

function send() {
  const [width, height] = [video.videoWidth, video.videoHeight];
  const side = Math.min(width, height);
  const sheet = document.createElement("canvas");
  sheet.width = sheet.height = Math.min(MAX_SIDE, side);
  const cut = [(width - side) / 2, (height - side) / 2, side, side];
  sheet.getContext("2d").drawImage(video, ...cut, 0, 0, sheet.width, sheet.height);
  sent = performance.now();
  props.value = sheet.toDataURL("image/jpeg", 0.9);
  trigger("picture");
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
// The answer that a visitor corrects must not change meanwhile.
document.addEventListener("correcting", () => live && take());
document.addEventListener("visibilitychange", () => {
  if (document.hidden && stream) stop();
});
// A stage without a size is in a tab that was left.
new ResizeObserver(() => {
  if (!stage.offsetWidth && stream) stop();
}).observe(stage);
show();
