// Filters that are not set stay out of the URL, so that a shared link says only what it narrows.
document.addEventListener("htmx:configRequest", (event) => {
  const asked = event.detail.parameters;
  for (const name of Object.keys(asked)) {
    if (asked[name] === "" || (name === "period" && asked[name] === "12m")) delete asked[name];
  }
});
document.addEventListener("submit", (event) => {
  if (!event.target.matches("form.filters")) return;
  for (const field of event.target.elements) {
    if (field.name && field.value === "") field.disabled = true;
  }
});
// Tick or untick everything that may be approved.
document.addEventListener("change", (event) => {
  if (event.target.id !== "tick-all") return;
  for (const box of document.querySelectorAll("input[name=correction_id]:not(:disabled)")) {
    box.checked = event.target.checked;
  }
});
