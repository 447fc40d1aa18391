// A camera that is missing or not allowed leaves Gradio's webcam silent: say so, and what to do.
const CAMERA_PROBLEMS = {
  NotAllowedError:
    "The browser was not allowed to use the camera. Allow it beside the address, then press the " +
    "camera button again, or upload a photo in the Image tab.",
  NotFoundError: "No camera was found. Connect one, or upload a photo in the Image tab.",
  NotReadableError: "Another program is using the camera. Close it and try again.",
  insecure:
    "The browser gives the camera only to pages on https or on this machine. Open the page there, " +
    "or upload a photo in the Image tab.",
};

function sayAboutCamera(problem) {
  const note = document.querySelector("#camera-note .note");
  if (note) note.textContent = problem;
}

if (navigator.mediaDevices) {
  const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (constraints) => {
    try {
      const stream = await open(constraints);
      sayAboutCamera("");
      return stream;
    } catch (error) {
      sayAboutCamera(CAMERA_PROBLEMS[error.name] ?? CAMERA_PROBLEMS.NotFoundError);
      // Gradio would leave the error uncaught; a promise that stays open has the same effect.
      return new Promise(() => {});
    }
  };
} else {
  document.addEventListener("click", (event) => {
    if (event.target.closest("#camera")) sayAboutCamera(CAMERA_PROBLEMS.insecure);
  });
}

// The browser cannot show a damaged picture, or a TIFF; the answer's place says what it is.
document.addEventListener(
  "error",
  (event) => {
    if (event.target.matches?.("#image img")) event.target.style.visibility = "hidden";
  },
  true,
);
