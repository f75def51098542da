
// The page as a whole: views, tools, keys.
const VIEWS = { rows: null, findings: drawFindings, lanes: drawLanes, sessions: drawSessions, graph: drawGraph, marks: drawMarks };
const viewName = (v) => v === "rows" ? t("timeline") : t(v);

function show(view) {
	if (!Object.hasOwn(VIEWS, view)) return;
	const old = state.view;
	state.view = view;
	for (const v of Object.keys(VIEWS)) $("view-" + v).hidden = v !== view;
	for (const b of $("tabs").children) b.setAttribute("aria-selected", b.dataset.view === view);
	if (view === "rows") { measure(); keepInSight(); draw(true); } else VIEWS[view]();
	if (old !== view && document.documentElement.dataset.state === "ready") writeHash();
}

function tabs() {
	$("tabs").replaceChildren(...Object.keys(VIEWS).filter((v) => v !== "sessions" && v !== "graph" || (info.sessions ?? []).length + (info.logons ?? []).length)
		.map((v) => el("button", { type: "button", role: "tab", "data-view": v, "aria-selected": v === state.view, text: viewName(v) + (v === "findings" ? " " + number((info.findings ?? []).length) : ""), onclick: () => show(v) })));
}

function zones() {
	const m = info.machines ?? [], named = m.find((x) => x.timezone);
	const o = (value, text) => el("option", { value, text });
	const list = [o("", "UTC")];
	if (named) list.push(o("machine", t("machineZone", m.length === 1 ? named.timezone : "…")));
	let names = [];
	try {
		names = Intl.supportedValuesOf("timeZone");
	} catch { /* an older browser has only these two */ }
	$("zone").replaceChildren(...list, ...names.map((n) => o(n, n)));
	$("zone").value = state.zoneName ?? "";
}

function words() {
	document.documentElement.lang = language;
	for (const e of document.querySelectorAll("[data-t]")) e.textContent = t(e.dataset.t);
	$("search").placeholder = t("search");
	$("search").setAttribute("aria-label", t("search"));
	$("undo").title = t("key_u");
	$("undo").setAttribute("aria-label", t("key_u"));
	$("marked").title = t("marks");
	$("language").textContent = language === "ja" ? "English" : "日本語";
	$("title").textContent = visible(info.title ?? "");
	const facts = (info.machines ?? []).slice(0, 3).map((m) => [m.name === info.title ? "" : m.name, m.os, m.build, m.timezone].filter(Boolean).join(" · "));
	$("facts").textContent = visible(facts.concat(info.tool ?? "").filter(Boolean).join(" | "));
	tabs();
	zones();
	exportMenu();
	head();
	helpText();
}

function helpText() {
	const keys = [["j k ↓ ↑", "key_jk"], ["Home End", "key_home"], ["Enter", "key_enter"], ["/", "key_slash"], ["1–5, 0", "key_15"], ["m", "key_m"], ["c", "key_c"], ["x", "key_x"], ["u", "key_u"], ["Esc", "key_esc"], ["?", "key_help"]];
	const terms = ["mimikatz", '"run count 7"', "/svc[a-z]+\\.exe/", "-chrome", "level:high+", "proves:executed", "artifact:prefetch,bam", "host:", "user:", "program:", "path:\\tmp\\*", "hash:", "after:2026-03-06", "before:2026-03-07T12:00", "around:ID±5m", "id:  record:  finding:  rule:  tag:  state:  kind:  type:  message:  source:  key:  value:"];
	$("help").replaceChildren(el("form", { method: "dialog" }, el("h2", { text: t("help") }), el("dl", {}, ...keys.flatMap(([k, d]) => [el("dt", {}, el("kbd", { text: k })), el("dd", { text: t(d) })])),
		el("h2", { text: t("search").split(":")[0] }), el("p", { text: t("helpTerms") }), el("pre", { text: "" }), el("button", { text: t("close") })));
	$("help").querySelector("pre").textContent = terms.join("\n");
}

const KEYS = {
	j: () => moveTo(state.cursor + 1), k: () => moveTo(state.cursor - 1), ArrowDown: () => moveTo(state.cursor + 1), ArrowUp: () => moveTo(state.cursor - 1),
	PageDown: () => moveTo(state.cursor + page()), PageUp: () => moveTo(state.cursor - page()), Home: () => moveTo(0), End: () => moveTo(state.count - 1),
	Enter: () => showDetails(current()), "/": () => $("search").focus(), c: () => { if (current() >= 0) copyText(explainCommand(current())); },
	x: () => { if (current() >= 0) addTerm(hideTerm(current())); }, u: undo, "?": () => $("help").showModal(), m: () => showDetails(current(), true),
	Escape: () => closeDetails(), 0: () => setMark(current(), { mark: "" }),
};
MARKS.forEach((m, k) => { KEYS[k + 1] = () => setMark(current(), { mark: m }); });

const page = () => Math.max(1, Math.floor($("grid").clientHeight / rowHeight) - 1);

function setupKeys() {
	addEventListener("keydown", (e) => {
		if (e.ctrlKey || e.altKey || e.metaKey || $("help").open) return;
		const at = e.target, typing = at.matches?.("input, textarea, select");
		if (typing) {
			if (e.key === "Escape") { at.blur(); $("grid").focus({ preventScroll: true }); }
			return;
		}
		if (e.key === "Enter" && at.matches?.("button, summary, tr")) return;
		const f = Object.hasOwn(KEYS, e.key) ? KEYS[e.key] : null;
		if (!f || state.view !== "rows" && !["/", "?", "u", "Escape"].includes(e.key)) return;
		e.preventDefault();
		f();
	});
}

function setupTools() {
	let timer;
	const input = $("search"), go = () => { clearTimeout(timer); search(input.value.trim()); };
	input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(go, rows.n > 100000 ? 250 : 120); });
	$("searchbar").addEventListener("submit", (e) => { e.preventDefault(); go(); $("grid").focus({ preventScroll: true }); });
	$("undo").addEventListener("click", undo);
	$("zone").addEventListener("change", (e) => { setZone(e.target.value); writeHash(); });
	$("language").addEventListener("click", () => { language = language === "ja" ? "en" : "ja"; words(); changed(); show(state.view); });
	$("helpbutton").addEventListener("click", () => $("help").showModal());
	addEventListener("hashchange", readHash);
	addEventListener("popstate", () => { if (location.hash !== writing) readHash(); });
	addEventListener("beforeprint", printMarks);
	matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed);
}

async function start() {
	try {
		await load();
	} catch (e) {
		$("loading").textContent = t("damaged", e.message);
		document.documentElement.dataset.state = "failed";
		return;
	}
	language = info.lang || (navigator.language?.startsWith("ja") ? "ja" : "en");
	if (!TEXTS[language]) language = "en";
	state.zoneName = "";
	$("loading").remove();
	document.body.classList.add("ready");
	findFlags();
	words();
	setupGrid();
	setupHistogram();
	setupFacets();
	setupDetails();
	setupExport();
	setupLanes();
	setupTools();
	setupKeys();
	readHash();
	if (state.mask === undefined) { // the address holds a line that cannot be read
		const problem = $("problem").textContent;
		search("", "hash");
		$("problem").textContent = problem;
		$("problem").hidden = false;
	}
	foldKnown();
	setupMarks();
	show(state.view);
	standing();
	document.documentElement.dataset.state = "ready";
}

// A door for tests and for those who look behind the page: it reads, and changes nothing.
globalThis.artifactdump = Object.freeze({
	ids: () => Array.from(state.shown, idOf),
	time: (line) => { run(parse(line)); },
	match: (line) => { const m = run(parse(line)), out = []; for (let i = 0; i < rows.n; i++) if (!m || m[i]) out.push(idOf(i)); return out; },
	export: (kind, marked) => exportParts(kind, exportRows(marked)).join(""),
	marks: () => marksText(),
	biography: (k) => { showBiography(info.programs[k]); return $("details").dataset.program; },
	lanes: () => lanes.list.map((l, k) => ({ path: l.path, dots: { ...l.dots }, left: lanes.geometry.left, y: lanes.geometry.topY + (k + 0.5) * LANE, at: l.rows.map((i) => lanes.geometry.x(rows.sec[i] + rows.sub[i] / 1e7)) })),
});

start();
