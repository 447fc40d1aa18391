// Choose, drop or paste a picture. What is dropped or pasted anywhere on the page is taken, too.

export class Image {
  // onChange: called with a File when one was given.
  constructor(place, onChange) {
    this.onChange = onChange;
    this.preview = place.querySelector("img");
    this.words = place.querySelector(".zone span");
    const input = place.querySelector("input");
    place.querySelector(".zone").addEventListener("click", () => input.click());
    input.addEventListener("change", () => {
      if (input.files.length) this.take(input.files[0]);
      input.value = "";
    });
    this.file = null;
    this.#listen();
  }

  take(file) {
    this.file = file;
    URL.revokeObjectURL(this.preview.src);
    this.preview.src = URL.createObjectURL(file);
    this.preview.alt = file.name;
    this.preview.hidden = false;
    this.words.hidden = true;
    this.onChange(file);
  }

  #listen() {
    // The browser cannot show a damaged picture; its name stands there instead.
    this.preview.addEventListener("error", () => {
      this.preview.hidden = true;
      this.words.hidden = false;
      this.words.textContent = this.file.name;
    });
    window.addEventListener("dragover", (event) => {
      event.preventDefault(); // the browser would leave the page for the file
      document.body.classList.add("dragging");
    });
    window.addEventListener("dragleave", (event) => {
      if (!event.relatedTarget) document.body.classList.remove("dragging");
    });
    window.addEventListener("drop", (event) => {
      event.preventDefault();
      document.body.classList.remove("dragging");
      if (event.dataTransfer.files.length) this.take(event.dataTransfer.files[0]);
    });
    window.addEventListener("paste", ({ clipboardData }) => {
      if (clipboardData?.files.length) this.take(clipboardData.files[0]);
    });
  }
}
