
// Small helpers. Nothing of the evidence ever becomes markup: el() sets textContent.
const $ = (id) => document.getElementById(id);

function el(tag, props, ...children) {
	const e = document.createElement(tag);
	for (const [k, v] of Object.entries(props ?? {})) {
		if (k === "class") e.className = v;
		else if (k === "text") e.textContent = visible(v);
		else if (k.startsWith("on")) e.addEventListener(k.slice(2), v);
		else if (k.startsWith("aria-") && v !== undefined) e.setAttribute(k, String(v));
		else if (v !== undefined && v !== false) e.setAttribute(k, v === true ? "" : v);
	}
	for (const c of children) if (c !== undefined && c !== null) e.append(c);
	return e;
}

const SVG = "http://www.w3.org/2000/svg";

function svg(tag, props, text) {
	const e = document.createElementNS(SVG, tag);
	for (const [k, v] of Object.entries(props ?? {})) {
		if (k.startsWith("on")) e.addEventListener(k.slice(2), v);
		else e.setAttribute(k, v);
	}
	if (text !== undefined) e.textContent = visible(text);
	return e;
}

// visible spells out characters that are not seen, or that turn the direction of writing.
function visible(s) {
	return String(s).replace(/[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
		(c) => c === "\n" ? "⏎" : c === "\t" ? " " : "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"));
}

// visibleLines keeps the lines of a text that the analyst wrote.
const visibleLines = (s) => String(s).split("\n").map(visible).join("\n");

// short cuts what is drawn in a line: a name can have 64 KB.
const short = (s, n) => s.length > n ? s.slice(0, n) + "…" : s;

const number = (n) => n.toLocaleString(language === "ja" ? "ja-JP" : "en-US");

function css(name) {
	return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

const LEVELS = ["", "informational", "low", "medium", "high", "critical"];

function levelColor(i) {
	return css(["--bar", "--info", "--low", "--medium", "--high", "--critical"][i]);
}

// Times. Seconds are counted from 1601; a row has ticks of 100 ns beside them.
const EPOCH = 11644473600;
const pad = (n, w) => String(n).padStart(w, "0");

function civil(sec) {
	const d = new Date((sec - EPOCH) * 1000);
	if (isNaN(d)) return ["?", "?"];
	return [
		pad(d.getUTCFullYear(), 4) + "-" + pad(d.getUTCMonth() + 1, 2) + "-" + pad(d.getUTCDate(), 2),
		pad(d.getUTCHours(), 2) + ":" + pad(d.getUTCMinutes(), 2) + ":" + pad(d.getUTCSeconds(), 2),
	];
}

// A zone is {name} of the IANA database, {bias} in minutes, or {} for UTC.
const zoneFormats = new Map(), zoneOffsets = new Map();

// offset returns the seconds by which a zone is ahead of UTC.
function offset(zone, sec) {
	if (zone.bias !== undefined) return -60 * zone.bias;
	if (!zone.name || zone.name === "UTC") return 0;
	const quarter = Math.floor(sec / 900), key = zone.name + quarter;
	let o = zoneOffsets.get(key);
	if (o !== undefined) return o;
	let f = zoneFormats.get(zone.name);
	if (!f) {
		f = new Intl.DateTimeFormat("en-US", { timeZone: zone.name, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric",
			hour: "numeric", minute: "numeric", second: "numeric" });
		zoneFormats.set(zone.name, f);
	}
	const at = (quarter * 900 - EPOCH) * 1000, p = {};
	for (const part of f.formatToParts(new Date(at))) p[part.type] = +part.value;
	o = Math.round((Date.UTC(p.year, p.month - 1, p.day, p.hour, p.minute, p.second) - at) / 1000);
	if (!Number.isFinite(o) || Math.abs(o) > 86400) o = 0;
	if (zoneOffsets.size > 20000) zoneOffsets.clear();
	zoneOffsets.set(key, o);
	return o;
}

function offsetText(o) {
	const a = Math.abs(o);
	return (o < 0 ? "−" : "+") + pad(Math.floor(a / 3600), 2) + ":" + pad(Math.floor(a / 60) % 60, 2);
}

// place of a file in a command: in single quotes where a shell would read more into it.
const shellWord = (s) => /^[\w@%+=:,.\/-]+$/.test(s) ? s : "'" + s.replace(/'/g, "'\\''") + "'";

async function copyText(s) {
	try {
		await navigator.clipboard.writeText(s);
	} catch {
		const a = el("textarea");
		a.value = s;
		document.body.append(a);
		a.select();
		document.execCommand("copy");
		a.remove();
	}
	notify(t("copied"));
}

let notifyTimer;

function notify(s, stay) {
	const n = $("notice");
	n.textContent = visible(s);
	n.hidden = false;
	clearTimeout(notifyTimer);
	if (!stay) notifyTimer = setTimeout(() => { notifyTimer = 0; n.hidden = true; standing(); }, 2500);
}

// Rows that the command marked as those of files on a list of known ones.
const KNOWN = "known-good", known = { rows: 0 };

// foldKnown leaves them out when the page opens without a line of its own: by a term
// of the line, so that it can be seen and taken back.
function foldKnown() {
	known.rows = run(parse("tag:" + KNOWN))?.reduce((n, yes) => n + yes, 0) ?? 0;
	if (known.rows && !/[#&]q=/.test(location.hash)) search("-tag:" + KNOWN, "hash");
	onChange(standing);
}

// standing shows what must stay on the page: that rows are elsewhere, or folded.
function standing() {
	const notes = [];
	if (info.parts > 1) {
		notes.push(t("sheetOnly", info.part, info.parts, (info.files ?? []).filter((_, i) => i !== info.part - 1).join(", ")));
	}
	const folded = Object.entries(info.folded ?? {});
	if (folded.length) notes.push(t("foldedNote", folded.map(([k, n]) => number(n) + " " + k).join(", ")));
	if (known.rows && tokens(state.query).some((k) => k.not && k.field === "tag" && k.text === KNOWN)) notes.push(t("known", number(known.rows)));
	if (notes.length) {
		$("notice").textContent = visible(notes.join(" "));
		$("notice").hidden = false;
	} else if (!notifyTimer) $("notice").hidden = true;
}
