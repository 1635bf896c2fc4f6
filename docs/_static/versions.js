// The list of versions in the sidebar: those that stand beside this one, as versions.json names them.
(async () => {
  const root = new URL(document.documentElement.dataset.content_root || "./", location.href);
  const answer = await fetch(new URL("../versions.json", root));
  if (!answer.ok) return;
  const versions = await answer.json();
  const own = root.pathname.split("/").filter(Boolean).pop();
  const label = document.querySelector(".sidebar-version label");
  if (!label || versions.length < 2) return;
  const select = label.querySelector("select");
  for (const version of versions) select.add(new Option(version, version, version === own, version === own));
  label.hidden = false;
  select.addEventListener("change", async () => {
    const page = location.pathname.slice(root.pathname.length);
    const there = new URL(`../${select.value}/${page}`, root);
    const found = await fetch(there, { method: "HEAD" });
    location.href = found.ok ? there : new URL(`../${select.value}/`, root);
  });
})();
