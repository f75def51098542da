
// Details of one row: every field, where it is from, the findings that quote it, and
// ways to other rows.
let detailRow = -1;

function setupDetails() { onChange(() => { if (!$("details").hidden && detailRow >= 0) showDetails(detailRow); }); }

function closeDetails() {
	$("details").hidden = true;
	detailRow = -1;
	document.body.classList.remove("with-details");
	draw(true);
}

function showDetails(i, toNote) {
	if (i < 0) return;
	const box = $("details"), same = detailRow === i, scroll = box.scrollTop;
	detailRow = i;
	delete box.dataset.program;
	box.hidden = false;
	document.body.classList.add("with-details");
	const close = el("button", { type: "button", class: "close", text: "×", "aria-label": t("close"), onclick: closeDetails });
	box.replaceChildren(close, el("h2", { text: short(subject(i), 500) }), el("p", { class: "says", text: short(cell("message", i), 4000) }),
		timesOfRow(i), markBox(i), ...findingsOf(i), commandBox(i), pivots(i), provenance(i), allFields(i));
	box.scrollTop = same ? scroll : 0;
	if (toNote) box.querySelector("textarea").focus();
}

const field = (name, text) => [el("dt", { text: name }), el("dd", { text: short(text, 70000) })];

function timesOfRow(i) {
	const d = el("dl"), local = isLocal(i), kind = cell("time_kind", i);
	d.append(...field(local ? t("unknownZone") : "UTC", datetime(i)), ...field(t("kind"), cell("timestamp_desc", i)));
	if (!local) {
		const zone = machineZone(cell("hostname", i));
		if (zone.name || zone.bias !== undefined) {
			const o = offset(zone, rows.sec[i]), [day, clock] = civil(rows.sec[i] + o);
			d.append(...field(t("machineTime"), day + " " + clock + "." + pad(rows.sub[i], 7) + " " + offsetText(o)));
		}
		if (kind) d.append(...field(t("localTime"), kind));
	}
	return d;
}

function findingsOf(i) {
	const byID = findingIndex();
	return cellList("finding_ids", i).map((id) => byID.get(id)).filter(Boolean).map((f) => findingBox(f));
}

let findingMap = null;

function findingIndex() { return findingMap ??= new Map((info.findings ?? []).map((f) => [f.id, f])); }

// words of a rule in the language of the page; findings have them in English.
function ruleWords(id) { return language === "en" ? {} : info.rules?.[id] ?? {}; }

function findingBox(f) {
	const words = ruleWords(f.rule_id);
	const box = el("section", { class: "finding", "data-level": f.level }, el("h3", {}, el("span", { class: "badge", text: f.level }), " ", el("span", { text: words.title ?? f.title })));
	const add = (name, text) => { if (text) box.append(el("p", {}, el("b", { text: name + ": " }), el("span", { text: short(text, 2000) }))); };
	box.append(el("p", { class: "subject", text: short(f.subject ?? "", 500) }));
	const reasons = (f.reasons ?? []).map((r) => el("li", {}, el("b", { text: r.rule_id + " " }), ruleWords(r.rule_id).title ? el("span", { text: ruleWords(r.rule_id).title + "：" }) : "", el("span", { text: short(r.says ?? "", 1000) })));
	if (reasons.length) box.append(el("p", {}, el("b", { text: t("reasons") })), el("ul", {}, ...reasons));
	add(t("whyFinding"), words.why ?? f.why);
	add(t("benign"), words.benign ?? f.false_positives);
	add(t("next"), words.next ?? f.next);
	if (f.techniques?.length) add("ATT&CK", f.techniques.join(", "));
	box.append(el("p", {}, el("button", { type: "button", text: t("rowsOf") + ": finding:" + f.id, onclick: () => { search("finding:" + f.id); show("rows"); } })));
	return box;
}

const explainCommand = (i) => "artifactdump explain " + shellWord(evidencePath()) + " " + idOf(i);

// evidencePath is the evidence, or the case folder that the page lies in.
function evidencePath() {
	if (!info.case_folder) return info.evidence || "EVIDENCE";
	if (location.protocol !== "file:") return "CASE";
	const path = decodeURIComponent(new URL(info.case_folder, location.href).pathname).replace(/^\/(?=[A-Za-z]:)/, "");
	return path.length > 1 ? path.replace(/\/$/, "") : path;
}

function commandBox(i) {
	return el("section", {}, el("h3", { text: t("explain") }), el("p", { class: "command" }, el("code", { text: explainCommand(i) }), " ",
		el("button", { type: "button", text: t("copy"), onclick: () => copyText(explainCommand(i)) })));
}

function pivots(i) {
	const near = el("p"), alike = el("p"), hide = el("p");
	const to = (box, label, line) => box.append(el("button", { type: "button", text: label, onclick: () => { search(line); show("rows"); const at = indexOfRow(i); if (at >= 0) moveTo(at); } }), " ");
	for (const m of [1, 5, 30]) to(near, t("minutes", m), "around:" + idOf(i) + "±" + m + "m");
	const program = cell("executable", i), path = cell("path", i), userName = cell("username", i) || cell("user_sid", i);
	if (program) to(alike, t("program"), "program:" + quote(program));
	if (path.includes("\\")) to(alike, t("folder"), "path:" + folderTerm(path.slice(0, path.lastIndexOf("\\") + 1)));
	const hash = ["sha256", "sha1", "md5", "hash", "hashes"].map((n) => extra(n, i)).find(Boolean);
	if (hash) to(alike, t("hash"), "hash:" + quote(hash));
	if (userName) to(alike, t("user"), "user:" + quote(userName));
	const session = sessionOf(i);
	if (session) to(alike, t("session"), sessionQuery(session));
	to(alike, t("record"), "record:" + recordOf(i));
	const bio = bioOfRow(i);
	if (bio) alike.append(el("button", { type: "button", class: "biography", text: t("biography"), onclick: () => showBiography(bio) }), " ");
	if (tokens(state.query).some((k) => k.field === "host")) to(alike, t("allMachines"), without(state.query, "host"));
	const drop = (label, term) => hide.append(el("button", { type: "button", text: label, onclick: () => addTerm(term) }), " ");
	drop(t("artifact"), "-artifact:" + quote(cell("parser", i)));
	if (program) drop(t("program"), "-program:" + quote(program));
	drop(t("message"), hideTerm(i));
	return el("section", {}, el("h3", { text: t("pivot") }), near, alike, el("h3", { text: t("hide") }), hide);
}

const hideTerm = (i) => "-message:" + quote(short(cell("message", i), 500).replace(/…$/, ""));

function provenance(i) {
	const d = el("dl");
	const add = (name, text) => { if (text !== "") d.append(...field(name, text)); };
	add("source_file", cell("source_file", i));
	add("snapshot", cell("snapshot", i));
	add("source_sha256", cell("source_sha256", i));
	add("key_path", cell("key_path", i));
	add("value_name", cell("value_name", i));
	add("offset", rows.offset[i] + " (0x" + rows.offset[i].toString(16) + ")");
	add("state", cell("state", i));
	add("parser", cell("parser", i));
	add("id", idOf(i));
	add("record_id", recordOf(i));
	return el("section", {}, el("h3", { text: t("source") }), d);
}

function allFields(i) {
	const d = el("dl"), shown = new Set(["source_file", "snapshot", "source_sha256", "key_path", "value_name", "offset", "state", "parser", "id", "record_id", "extra", "message", "datetime"]);
	for (const [k, v] of Object.entries(rowObject(i))) {
		if (shown.has(k) || v === "" || Array.isArray(v) && !v.length) continue;
		d.append(...field(k, Array.isArray(v) ? v.join(", ") : v));
	}
	for (const [k, v] of Object.entries(extrasOf(i))) d.append(...field(k, v));
	return el("section", {}, el("h3", { text: t("fields") }), d);
}

function drawFindings() {
	const list = info.findings ?? [], box = $("view-findings");
	if (!list.length) return box.replaceChildren(el("p", { text: t("noFindings") }));
	const several = rows.cols.hostname.table.length > 2;
	const sorted = [...list].sort((a, b) => LEVELS.indexOf(b.level) - LEVELS.indexOf(a.level)); // of several machines
	box.replaceChildren(...sorted.map((f) => {
		const d = el("details", { class: "fold", "data-level": f.level }, el("summary", {}, el("span", { class: "badge", text: f.level }), " ",
			el("b", { text: ruleWords(f.rule_id).title ?? f.title }), " ", el("span", { class: "subject", text: short((several && f.host ? f.host + "  " : "") + (f.subject ?? ""), 300) })));
		d.addEventListener("toggle", () => { if (d.open && d.children.length === 1) d.append(findingBox(f)); });
		return d;
	}));
}
