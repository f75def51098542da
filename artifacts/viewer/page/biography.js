
// Biographies: what is known of a program, from programs.jsonl, beside the rows. A lane
// leads to that of its program, and a dot of a lane is filled by how sure its start is.
const CERTAINTY = ["proved", "recorded", "inferred"];
let bios = null;

const bioKey = (host, path) => (rows.cols.hostname.table.length > 2 ? host : "") + "\0" + path.toLowerCase();

// biographies has programs by path, and their starts by the record and time of a proof.
function biographies() {
	if (bios) return bios;
	bios = { byPath: new Map(), byRecord: new Map() };
	for (const p of info.programs ?? []) {
		// Rows spell paths without a drive. Another volume can hold the same path.
		for (const path of [p.path, p.key, ...(p.aliases ?? []).map((a) => a.path)]) {
			const key = bioKey(p.host ?? "", path ?? "");
			if (path && (!p.volume || !bios.byPath.has(key))) bios.byPath.set(key, p);
		}
		for (const s of p.starts ?? []) for (const proof of s.proofs ?? []) {
			const known = bios.byRecord.get(proof.record) ?? [];
			if (known.length < 300) known.push([proof.time, s, p]);
			bios.byRecord.set(proof.record, known);
		}
	}
	return bios;
}

const bioOfPath = (host, path) => biographies().byPath.get(bioKey(host, path));

// startOf returns the start of which a row is a proof.
function startOf(i) {
	if (!biographies().byRecord.size) return null;
	const known = biographies().byRecord.get(recordOf(i));
	if (!known) return null;
	for (const [time, start] of known) {
		const at = parseTime(time);
		if (at && Number(at.from / SECOND) === rows.sec[i] && Number(at.from % SECOND) === rows.sub[i]) return start;
	}
	return null;
}

// bioOfRow returns the program of a row: by its path, or as the proof of a start.
function bioOfRow(i) {
	const host = cell("hostname", i);
	return bioOfPath(host, cell("path", i)) ?? bioOfPath(host, cell("executable", i)) ?? (biographies().byRecord.get(recordOf(i)) ?? [])[0]?.[2];
}

const when = (s) => (s ?? "").replace("T", " ").replace(/Z$/, "");

function recordButton(ref) {
	const id = ref?.record;
	return id ? el("button", { type: "button", class: "link", text: id, onclick: () => { search("record:" + id); show("rows"); } }) : "";
}

function showBiography(p) {
	const box = $("details");
	detailRow = -1;
	box.hidden = false;
	document.body.classList.add("with-details");
	const close = el("button", { type: "button", class: "close", text: "×", "aria-label": t("close"), onclick: closeDetails });
	const part = (name, items) => items.length ? [el("section", { "data-part": name }, el("h3", { text: t("bio_" + name) }), el("ul", {}, ...items))] : [];
	const li = (words, ref, ...more) => el("li", {}, el("span", { text: short(words.filter(Boolean).join(" · "), 2000) }), " ", recordButton(ref), ...more);
	const sure = (c) => CERTAINTY.includes(c) ? t(c) : c;
	const counts = p.counts ?? {}, title = el("h2", { text: short(p.path ?? "", 500) });
	const head = el("p", { class: "says" }, p.level ? el("span", { class: "badge level-" + LEVELS.indexOf(p.level), text: p.level }) : "", " ",
		el("span", { text: [p.host, counts.at_least ? t("bioStarts", counts.at_least, counts.known ?? 0) : "", (p.rules ?? []).join(", ")].filter(Boolean).join(" · ") }));
	const first = p.starts?.[0]?.time, last = p.starts?.at(-1)?.time;
	const rowsButton = el("p", {}, el("button", { type: "button", text: t("bioRows"), onclick: () => { search("path:" + quote(p.key || p.path)); show("rows"); } }));
	box.replaceChildren(close, title, head, rowsButton, ...(first ? [el("dl", {}, ...field(t("firstSeen"), when(first)), ...field(t("lastSeen"), when(last)))] : []),
		...part("what", (p.what ?? []).map((f) => li([f.name.replace(/_/g, " "), f.value, sure(f.certainty)], f.from?.[0]))),
		...part("files", (p.files ?? []).map((f) => li([f.file_reference, f.size ? number(f.size) : "", f.sha256, f.sha1, f.md5, f.created ? "+ " + when(f.created) : "", f.deleted ? "− " + when(f.deleted) : ""], f.from?.[0]))),
		...part("arrived", (p.arrived ?? []).map((a) => li([when(a.time), a.kind, a.source, a.zone, sure(a.certainty)], a.ref))),
		...part("starts", (p.starts ?? []).map((s) => {
			const account = s.account?.name || s.account?.sid || "", item = li([when(s.time), sure(s.certainty), account && account + " (" + sure(s.account.certainty) + ")", s.command_line, s.parent && "← " + s.parent, s.window && t("bioWindow", s.window)], s.proofs?.[0]);
			item.dataset.certainty = s.certainty ?? "";
			return item;
		})),
		...part("accounts", (p.accounts ?? []).map((a) => li([a.name || a.sid, sure(a.certainty), a.why, a.source]))),
		...part("autostarts", (p.autostarts ?? []).map((a) => li([a.mechanism, a.name, a.command, when(a.written)], a.ref))),
		...part("verdicts", (p.verdicts ?? []).map((v) => li([when(v.time), v.product, v.name, v.action], v.ref))),
		...part("coupled", (p.coupled ?? []).map((c) => li([c.path, t("bioCoupled", c.starts)]))),
		...part("traffic", (p.traffic ?? []).map((x) => li([when(x.time), x.kind, x.remote, x.bytes_sent ? "↑ " + number(x.bytes_sent) : "", x.bytes_received ? "↓ " + number(x.bytes_received) : ""], x.ref))),
		...part("loads", (p.loads ?? []).concat((p.loaded_by ?? []).map((x) => "← " + x)).map((x) => li([x]))),
		...part("ends", (p.ends ?? []).map((e) => li([when(e.time), e.kind, e.by], e.ref))),
		...part("missing", (p.missing ?? []).map((m) => li([m.what, m.why]))));
	box.scrollTop = 0;
	box.dataset.program = p.id ?? "";
}
