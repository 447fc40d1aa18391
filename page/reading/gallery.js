// The example pictures: tells which was pressed.
element.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-example]");
  if (button) trigger("pick", { ...button.dataset });
});
