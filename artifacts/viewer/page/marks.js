
// Marks: what the analyst says of rows. They go by the id of the event, which a new scan
// of the same evidence gives again.
const marks = new Map(); // id → {mark, note, marked}
const MARKS = ["benign", "suspicious", "malicious", "action", "question"];
const SIGNS = { benign: "✓", suspicious: "◐", malicious: "✗", action: "!", question: "?" };
let unsaved = false, byID = null;

const markSign = (m) => m ? (SIGNS[m.mark] ?? "") + (m.note ? "✎" : "") : "";
const markName = (m) => m === "benign" ? t("benignMark") : t(m);
const storeKey = () => "artifactdump-marks:" + (rows.n ? idOf(0) + idOf(rows.n - 1) + rows.n : "");

function rowOf(id) {
	if (!byID) {
		byID = new Map();
		for (const k of marks.keys()) byID.set(k, -1);
		for (let i = 0; i < rows.n; i++) { const x = idOf(i); if (byID.has(x)) byID.set(x, i); }
	}
	return byID.get(id) ?? -1;
}

function setMark(i, change) {
	if (i < 0) return;
	const id = idOf(i), m = { mark: "", note: "", ...marks.get(id), ...change, marked: new Date().toISOString() };
	if (byID) byID.set(id, i);
	if (!m.mark && !m.note) marks.delete(id); else marks.set(id, m);
	unsaved = true;
	try {
		localStorage.setItem(storeKey(), marksText());
	} catch { /* a page of its own has no store: the export keeps them */ }
	marksChanged();
}

function marksChanged() {
	$("marked").textContent = "★ " + number(marks.size);
	if (state.onlyMarked) apply(current()); else draw(true);
	if (!$("details").hidden && document.activeElement?.tagName !== "TEXTAREA") showDetails(detailRow);
	if (state.view === "marks") drawMarks();
}

function setupMarks() {
	try {
		const kept = localStorage.getItem(storeKey());
		if (kept) { readMarks(kept); unsaved = false; }
	} catch { /* no store */ }
	$("marked").addEventListener("click", () => {
		state.onlyMarked = !state.onlyMarked;
		$("marked").setAttribute("aria-pressed", state.onlyMarked);
		apply(current());
	});
	$("import").addEventListener("click", () => $("file").click());
	$("file").addEventListener("change", async (e) => {
		for (const f of e.target.files) importMarks(await f.text());
		e.target.value = "";
	});
	addEventListener("dragover", (e) => e.preventDefault());
	addEventListener("drop", async (e) => {
		e.preventDefault();
		for (const f of e.dataTransfer.files) importMarks(await f.text());
	});
	addEventListener("beforeunload", (e) => { if (unsaved && marks.size) { e.preventDefault(); e.returnValue = t("leave"); } });
	marksChanged();
}

function markBox(i) {
	const m = marks.get(idOf(i)) ?? { mark: "", note: "" };
	const buttons = MARKS.map((x, k) => el("button", { type: "button", "aria-pressed": m.mark === x, "data-mark": x, text: k + 1 + " " + SIGNS[x] + " " + markName(x),
		onclick: () => setMark(i, { mark: m.mark === x ? "" : x }) }));
	const note = el("textarea", { rows: 2, "aria-label": t("note"), placeholder: t("note"), onchange: (e) => setMark(i, { note: e.target.value }) });
	note.value = m.note;
	return el("section", { class: "marking" }, el("h3", { text: t("mark") }), el("p", {}, ...buttons.flatMap((b) => [b, " "])), note);
}

// markObject is a line of marks.jsonl: the mark, and enough of the row to read it alone.
function markObject(id, m) {
	const o = { id, mark: m.mark, note: m.note, marked: m.marked }, i = rowOf(id);
	if (i >= 0) {
		Object.assign(o, { record_id: recordOf(i), datetime: datetime(i), hostname: cell("hostname", i), parser: cell("parser", i), path: subject(i), message: cell("message", i) });
	} else if (m.row) Object.assign(o, m.row);
	return o;
}

const sortedMarks = () => [...marks].map(([id, m]) => markObject(id, m)).sort((a, b) => (a.datetime ?? "") < (b.datetime ?? "") ? -1 : 1);
const marksText = () => sortedMarks().map((o) => JSON.stringify(o) + "\n").join("");

// readMarks merges lines into the marks: the later mark of a row counts, and the notes
// of both stay.
function readMarks(text) {
	let read = 0, here = 0, bad = 0;
	byID = null;
	for (const line of text.split("\n")) {
		if (!line.trim()) continue;
		let o;
		try {
			o = JSON.parse(line);
		} catch {
			o = null;
		}
		if (!o || typeof o !== "object" || typeof o.id !== "string" || !/^[\w#.-]{1,200}$/.test(o.id)) { bad++; continue; }
		const str = (v) => typeof v === "string" ? v.slice(0, 70000) : "";
		const m = { mark: MARKS.includes(o.mark) ? o.mark : "", note: str(o.note), marked: str(o.marked) };
		if (!m.mark && !m.note) { bad++; continue; }
		m.row = Object.fromEntries(["record_id", "datetime", "hostname", "parser", "path", "message"].map((k) => [k, str(o[k])]));
		const old = marks.get(o.id);
		if (old) {
			const [early, late] = old.marked <= m.marked ? [old, m] : [m, old];
			const notes = [...new Set([early.note, late.note].filter(Boolean))];
			m.mark = late.mark || early.mark;
			m.note = notes.some((a) => notes.some((b) => a !== b && b.includes(a))) ? notes.reduce((a, b) => a.length >= b.length ? a : b) : notes.join("\n");
			m.marked = late.marked;
		}
		marks.set(o.id, m);
		read++;
	}
	for (const id of marks.keys()) if (rowOf(id) >= 0) here++;
	return { read, here, bad };
}

function importMarks(text) {
	const r = readMarks(text);
	unsaved = true;
	marksChanged();
	notify(t("imported", number(r.read), number(r.here)) + (r.bad ? " · " + t("badLines", number(r.bad)) : ""));
}

function drawMarks() {
	const box = $("view-marks");
	if (!marks.size) return box.replaceChildren(el("p", { text: t("marksNone") }));
	box.replaceChildren(marksTable(true));
}

function noteCell(note) {
	const e = el("td", { class: "note" });
	e.textContent = visibleLines(note);
	return e;
}

function marksTable(links) {
	const body = el("tbody");
	for (const o of sortedMarks()) {
		const i = rowOf(o.id), r = el("tr", {}, el("td", { class: "nowrap", text: (SIGNS[o.mark] ?? "") + " " + (o.mark ? markName(o.mark) : "") }),
			el("td", { class: "nowrap", text: (o.datetime ?? "").slice(0, 23).replace("T", " ") }), el("td", { class: "wide", text: o.hostname ?? "" }),
			el("td", { text: short(o.path ?? "", 300) }), el("td", { class: "wide", text: short(o.message ?? "", 600) }), noteCell(o.note), el("td", { class: "wide", text: o.id }));
		if (links && i >= 0) { r.tabIndex = 0; r.addEventListener("click", () => goTo(i)); r.addEventListener("keydown", (e) => { if (e.key === "Enter") goTo(i); }); }
		body.append(r);
	}
	const names = [t("mark"), t("time"), t("host"), t("subject"), t("message"), t("note"), "id"], wide = [2, 4, 6];
	return el("table", { class: "list" }, el("thead", {}, el("tr", {}, ...names.map((n, k) => el("th", { class: wide.includes(k) ? "wide" : undefined, text: n })))), body);
}

// What is printed are the marks.
function printMarks() {
	$("print").replaceChildren(el("h1", { text: t("marksPrinted") + " – " + info.title }), el("p", { text: info.tool + " · " + evidencePath() + " · " + t("printed", location.pathname.split("/").pop()) }),
		marks.size ? marksTable(false) : el("p", { text: t("marksNone") }));
}
