// A line that is chosen stays lit, and its first partner on the other side comes into view.
for (const root of document.querySelectorAll(".adx")) {
  const choose = (line) => {
    const again = line.classList.contains("chosen");
    root.querySelectorAll(".chosen").forEach((other) => other.classList.remove("chosen"));
    if (again) return;
    line.classList.add("chosen");
    const side = line.closest("section");
    const partners = [...root.querySelectorAll(`.l[data-g="${line.dataset.g}"]`)];
    const partner = partners.find((other) => other.closest("section") !== side);
    if (partner) partner.scrollIntoView({ block: "nearest", inline: "nearest" });
  };
  root.addEventListener("click", (event) => {
    const line = event.target.closest(".l[data-g]");
    if (line) choose(line);
  });
  root.addEventListener("keydown", (event) => {
    const line = event.target.closest(".l[data-g]");
    if (line && (event.key === "Enter" || event.key === " ")) {
      event.preventDefault();
      choose(line);
    }
  });
}
