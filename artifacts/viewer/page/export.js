
// Export of what is shown, or of what is marked.
const cellsOf = ["datetime", "timestamp_desc", "level", "hostname", "username", "confidence", "parser", "path", "message", "source_file", "key_path", "value_name", "state", "id", "record_id", "rules", "finding_ids", "mark", "note"];

function exportRows(marked) {
	const out = [];
	if (!marked) return Array.from(state.shown);
	for (const id of marks.keys()) { const i = rowOf(id); if (i >= 0) out.push(i); }
	return out.sort((a, b) => a - b);
}

function flatRow(i) {
	const o = rowObject(i), m = marks.get(o.id);
	o.path = subject(i);
	o.rules = o.rules.join(",");
	o.finding_ids = o.finding_ids.join(",");
	o.mark = m?.mark ?? "";
	o.note = m?.note ?? "";
	return o;
}

// csvCell keeps a spreadsheet from computing what the evidence says.
function csvCell(v) {
	let s = String(v);
	if (/^[=+\-@\t\r]/.test(s)) s = "'" + s;
	return /[",\r\n]/.test(s) ? '"' + s.replaceAll('"', '""') + '"' : s;
}

const EXPORTS = {
	csv: { ext: ".csv", type: "text/csv", head: cellsOf.join(",") + "\r\n", line: (i) => { const o = flatRow(i); return cellsOf.map((c) => csvCell(o[c])).join(",") + "\r\n"; } },
	jsonl: { ext: ".jsonl", type: "application/jsonl", head: "", line: (i) => jsonOf(rowObject(i)) + "\n" },
	markdown: { ext: ".md", type: "text/markdown", head: "| time | level | subject | message | mark | note | id |\n| --- | --- | --- | --- | --- | --- | --- |\n",
		line: (i) => { const o = flatRow(i); return "| " + [o.datetime, o.level, o.path, o.message, o.mark, o.note, o.id].map(markdownCell).join(" | ") + " |\n"; } },
	timesketch: { ext: ".timesketch.jsonl", type: "application/jsonl", head: "", line: (i) => jsonOf(timesketchRow(i)) + "\n" },
};

const markdownCell = (v) => visible(String(v)).replace(/[\\`*_{}\[\]<>|#]/g, "\\$&");

// timesketchRow has what Timesketch asks for. It cannot mark a local time, so that the
// message does.
function timesketchRow(i) {
	const o = rowObject(i), m = marks.get(o.id), tag = [...o.tag];
	if (o.level) tag.push("level:" + o.level, ...o.rules);
	if (m?.mark) tag.push("mark:" + m.mark);
	const out = { datetime: o.datetime.slice(0, 26) + "+00:00", timestamp: o.timestamp, message: (isLocal(i) ? "[local time, zone unknown] " : "") + short(o.message, 32000),
		timestamp_desc: o.timestamp_desc, data_type: o.data_type, hostname: o.hostname, username: o.username, parser: o.parser, source_file: short(o.source_file, 32000),
		path: short(o.path, 32000), confidence: o.confidence, id: o.id, record_id: o.record_id, level: o.level, tag };
	if (o.event_identifier !== undefined) out.event_identifier = o.event_identifier; // of an event log, a number as in plaso
	if (m?.note) out.comment = m.note;
	return out;
}

// exportText returns the parts of a file: one text would be too long.
function exportParts(kind, list) {
	const f = EXPORTS[kind], parts = [f.head];
	for (let k = 0; k < list.length; k += 5000) parts.push(list.slice(k, k + 5000).map(f.line).join(""));
	return parts;
}

function saveFile(name, type, parts) {
	const url = URL.createObjectURL(new Blob(parts, { type: type + ";charset=utf-8" })), a = el("a", { href: url, download: name });
	document.body.append(a);
	a.click();
	a.remove();
	setTimeout(() => URL.revokeObjectURL(url), 60000);
}

function setupExport() {
	$("export").addEventListener("change", (e) => {
		const v = e.target.value;
		e.target.value = "";
		const base = (info.title || "timeline").replace(/[^\w.-]+/g, "_").slice(0, 60);
		if (v === "marks") {
			saveFile("marks.jsonl", "application/jsonl", [marksText()]);
			unsaved = false;
			return;
		}
		const [what, kind] = v.split(":"), f = EXPORTS[kind];
		saveFile(base + "-" + what + f.ext, f.type, exportParts(kind, exportRows(what === "marked")));
	});
	exportMenu();
}

function exportMenu() {
	const o = (value, text) => el("option", { value, text });
	$("export").replaceChildren(o("", "…"), o("marks", t("exportMarks")), ...["shown", "marked"].flatMap((w) =>
		[["csv", "CSV"], ["jsonl", "JSON lines"], ["markdown", "Markdown"], ["timesketch", "Timesketch"]].map(([k, n]) => o(w + ":" + k, (w === "shown" ? t("shown") : t("marks")) + ": " + n))));
}
