// The camera: a frame to aim with, one picture at a press, or a reading about twice a second while
// the paper is held. What is in the frame goes out as the component's value, a JPEG in a data: URL,
// with the event "picture". The camera is off as soon as its tab or the page is left.
const SIDE = 720; // pixels of the square that is shown and sent, at most
const BETWEEN = 500; // milliseconds from one live picture to the next, at least
const PATIENCE = 10_000; // then a live picture whose answer has not come is given up
const PROBLEMS = {
  NotAllowedError:
    "The browser was not allowed to use the camera. Allow it beside the address and press Camera " +
    "again, or upload a photo in the Image tab.",
  NotFoundError: "No camera was found. Connect one, or upload a photo in the Image tab.",
  NotReadableError: "Another program is using the camera. Close it and press Camera again.",
  insecure:
    "The browser gives the camera only to pages on https or on this machine. Open the page there, " +
    "or upload a photo in the Image tab.",
};
const HINT = "Press Camera, and hold the paper so that the digits fill the frame.";

const stage = element.querySelector(".stage");
const video = element.querySelector("video");
const note = element.querySelector(".note");
const button = (name) => element.querySelector(`[data-camera="${name}"]`);
let stream = null;
let isStarting = false;
let live = false;
let sent = 0; // when the picture went out whose answer is awaited; 0 if none is
let timer = null;

async function start() {
  if (isStarting) return;
  isStarting = true;
  note.textContent = "Waiting for the camera …";
  try {
    if (!navigator.mediaDevices) throw { name: "insecure" };
    stream = await navigator.mediaDevices.getUserMedia({
      video: {
        width: { ideal: (4 * SIDE) / 3 },
        height: { ideal: SIDE },
        facingMode: { ideal: "environment" },
      },
    });
  } catch (error) {
    note.textContent = PROBLEMS[error.name] ?? PROBLEMS.NotFoundError;
    return;
  } finally {
    isStarting = false;
  }
  if (!stage.offsetWidth || document.hidden) return stop(); // left before it was allowed
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
  note.textContent = stream ? "" : HINT;
  stage.classList.toggle("on", stream !== null);
  button("start").setAttribute("aria-pressed", stream !== null);
  button("live").setAttribute("aria-pressed", live);
  button("take").textContent = stream && video.paused ? "Again" : "Capture";
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
    look();
  }
}

function look() {
  const waited = performance.now() - sent;
  if (!sent || waited > PATIENCE) send();
  timer = setTimeout(look, BETWEEN);
}

function send() {
  const [width, height] = [video.videoWidth, video.videoHeight];
  const side = Math.min(width, height);
  const sheet = document.createElement("canvas");
  sheet.width = sheet.height = Math.min(SIDE, side);
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
// What is corrected is what is seen.
document.addEventListener("correcting", () => live && take());
document.addEventListener("visibilitychange", () => {
  if (document.hidden && stream) stop();
});
// Without a size the tab is not shown.
new ResizeObserver(() => {
  if (!stage.offsetWidth && stream) stop();
}).observe(stage);
show();
