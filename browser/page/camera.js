// The camera: takes one photo, or reads continuously. It is switched off as soon as the visitor leaves its
// tab or the page.

import { insideFrame } from "./aim.js";
import { text } from "./texts.js";

// The longer side of what is read, in pixels: of a photo, and of each picture in continuous reading.
const MAX_SIDE = 720;
const MAX_LIVE_SIDE = 320;
const PROBLEMS = { NotAllowedError: "not_allowed", NotFoundError: "not_found", NotReadableError: "not_readable" };

export class Camera {
  // onFrame: called with a canvas to be read; what it returns is awaited before the next live one.
  constructor(place, onFrame) {
    this.onFrame = onFrame;
    this.stage = place.querySelector(".stage");
    this.video = place.querySelector("video");
    this.aim = place.querySelector(".aim");
    this.note = place.querySelector(".note");
    this.button = (name) => place.querySelector(`[data-camera="${name}"]`);
    [this.stream, this.isLive, this.isStarting] = [null, false, false];
    place.addEventListener("click", ({ target }) => this.#press(target.closest("[data-camera]")));
    document.addEventListener("visibilitychange", () => document.hidden && this.stop());
    this.show();
  }

  stop() {
    this.isLive = false;
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = this.video.srcObject = null;
    this.show();
  }

  show() {
    const isOn = this.stream !== null;
    this.note.textContent = isOn ? "" : text("camera.hint");
    this.stage.classList.toggle("on", isOn);
    this.button("start").setAttribute("aria-pressed", `${isOn}`);
    this.button("live").setAttribute("aria-pressed", `${this.isLive}`);
    this.button("take").textContent = text(isOn && this.video.paused ? "camera.again" : "camera.take");
    this.button("take").disabled = this.button("live").disabled = !isOn;
  }

  async #press(button) {
    const name = button?.dataset.camera;
    if (name === "start") await (this.stream ? this.stop() : this.#start());
    else if (name === "take") this.#take();
    else if (name === "live") this.#toggleLive();
  }

  async #start() {
    if (this.isStarting) return;
    this.isStarting = true;
    this.note.textContent = text("camera.waiting");
    const problem = await this.#open();
    this.isStarting = false;
    if (problem) {
      this.note.textContent = text(`camera.${problem}`);
    } else if (!this.stage.offsetWidth || document.hidden) this.stop();
    else {
      this.video.srcObject = this.stream;
      await this.video.play();
      this.show();
    }
  }

  // Open the camera; return the name of the problem, or "".
  async #open() {
    if (!navigator.mediaDevices) return "insecure";
    const size = { width: { ideal: (4 * MAX_SIDE) / 3 }, height: { ideal: MAX_SIDE } };
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({
        video: { ...size, facingMode: { ideal: "environment" } },
      });
      return "";
    } catch ({ name }) {
      return PROBLEMS[name] ?? "not_found";
    }
  }

  #take() {
    this.isLive = false;
    if (this.video.paused) this.video.play();
    else {
      this.video.pause();
      this.onFrame(this.#frame(MAX_SIDE));
    }
    this.show();
  }

  #toggleLive() {
    this.isLive = !this.isLive;
    this.video.play();
    this.show();
    if (this.isLive) this.#readOn();
  }

  async #readOn() {
    while (this.isLive) {
      await this.onFrame(this.#frame(MAX_LIVE_SIDE));
      await new Promise(requestAnimationFrame);
    }
  }

  // Return what lies inside the frame on a new canvas, because the page goes on showing it.
  #frame(maxSide) {
    const { left, top, width, height } = insideFrame(this.video, this.aim);
    const scale = Math.min(1, maxSide / Math.max(width, height));
    const sheet = document.createElement("canvas");
    [sheet.width, sheet.height] = [width, height].map((side) => Math.round(scale * side));
    const context = sheet.getContext("2d", { willReadFrequently: true });
    context.drawImage(this.video, left, top, width, height, 0, 0, sheet.width, sheet.height);
    return sheet;
  }
}
