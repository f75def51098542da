"use strict";
(() => {
  const rows = JSON.parse(document.getElementById("data").textContent);
  const order = ["", "informational", "low", "medium", "high", "critical"];
  const rank = (r) => order.indexOf(r.l || "");
  const text = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
  const same = (a, b) => text(a.k, b.k) || text(a.y, b.y);
  const sorts = {
    rare: (a, b) => b.r - a.r || rank(b) - rank(a) || same(a, b),
    level: (a, b) => rank(b) - rank(a) || b.r - a.r || same(a, b),
    first: (a, b) => text(b.f || "", a.f || "") || same(a, b),
    common: (a, b) => a.r - b.r || same(a, b),
  };
  const $ = (id) => document.getElementById(id);
  const step = 200;
  let list = [], drawn = 0;
  const cell = (tr, s, name, label) => {
    const td = document.createElement("td");
    if (name) td.className = name;
    if (label && s) td.dataset.l = label;
    td.textContent = s;
    tr.append(td);
    return td;
  };
  const more = () => {
    const part = document.createDocumentFragment();
    for (const r of list.slice(drawn, drawn + step)) {
      const tr = document.createElement("tr");
      cell(tr, r.k, "k");
      const key = cell(tr, "");
      if (r.l) {
        const level = document.createElement("span");
        level.className = "level " + r.l;
        level.textContent = r.l;
        key.append(level, " ");
      }
      const code = document.createElement("code");
      code.dir = "ltr";
      code.textContent = r.y;
      key.append(code);
      cell(tr, r.h + " of " + r.o, "n", "On");
      cell(tr, r.r.toFixed(2), "n", "Rarity");
      cell(tr, (r.f || "").slice(0, 19).replace("T", " "), "t", "First seen");
      cell(tr, r.p || "", "h", "First machine");
      cell(tr, r.e.join(", ") + (r.h > r.e.length ? ", …" : ""), "", "Machines");
      part.append(tr);
    }
    drawn = Math.min(list.length, drawn + step);
    $("rows").append(part);
    $("more").hidden = drawn >= list.length;
  };
  const show = () => {
    const kind = $("kind").value, words = $("text").value.toLowerCase().split(" ").filter((w) => w);
    list = rows.filter((r) => (!kind || r.k === kind) && words.every((w) => r.y.includes(w) || r.e.some((h) => h.includes(w))));
    list.sort(sorts[$("sort").value]);
    drawn = 0;
    $("rows").replaceChildren();
    $("count").textContent = list.length + " keys.";
    more();
    document.documentElement.dataset.rows = list.length;
    document.documentElement.dataset.state = "ready";
  };
  for (const id of ["kind", "sort", "text"]) $(id).addEventListener("input", show);
  $("more").addEventListener("click", more);
  show();
})();
