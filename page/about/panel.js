// "What is this?"
const dialog = element.querySelector("dialog");
element.addEventListener("click", (event) => {
  if (event.target.closest("[data-about]")) dialog.showModal();
  else if (event.target === dialog || event.target.closest("[data-close]")) dialog.close();
});
