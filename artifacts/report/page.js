"use strict";
// The page works without this: it only hides rows of the timeline, and opens
// a finding that a link leads to.
(function () {
  var form = document.getElementById("filter");
  if (form) {
    var rows = Array.prototype.slice.call(document.querySelectorAll("#rows tbody tr"));
    var texts = rows.map(function (r) { return r.textContent.toLowerCase(); });
    var count = document.getElementById("count");
    var wait = 0;
    var apply = function () {
      var words = document.getElementById("q").value.toLowerCase().split(/\s+/).filter(Boolean);
      var kind = document.getElementById("k").value;
      var proofs = {};
      Array.prototype.forEach.call(form.querySelectorAll("[name=p]"), function (b) { proofs[b.value] = b.checked; });
      var n = 0;
      rows.forEach(function (r, i) {
        var p = r.getAttribute("data-p");
        var show = (kind === "" || r.getAttribute("data-k") === kind) && proofs[p] !== false &&
          words.every(function (w) { return texts[i].indexOf(w) >= 0; });
        r.hidden = !show;
        if (show) { n++; }
      });
      count.textContent = n;
    };
    var soon = function () { clearTimeout(wait); wait = setTimeout(apply, 60); };
    form.addEventListener("input", soon);
    form.addEventListener("change", soon);
    form.addEventListener("reset", soon);
    form.addEventListener("submit", function (e) { e.preventDefault(); apply(); });
    form.hidden = false;
  }
  var open = function () {
    var at = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    if (!at || at.tagName !== "ARTICLE") { return; }
    for (var d = at.querySelector("details"); d; d = d.parentElement && d.parentElement.closest("details")) { d.open = true; }
    at.scrollIntoView();
  };
  window.addEventListener("hashchange", open);
  open();
})();
