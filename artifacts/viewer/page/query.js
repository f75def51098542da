
// The search line: the language of package artifacts/search. The two are compared by a
// test, so that what is changed here must be changed there.
class QueryError extends Error {}

const fail = (s) => { throw new QueryError(s); };

// patience ends a search that takes too long: regular expressions of a browser can.
const PATIENCE = 20;
let deadline = Infinity;

function patience() {
	if (performance.now() > deadline) fail(t("tooSlow", PATIENCE));
}

const isSpace = (c) => c === " " || c === "\t" || c === "\n" || c === "\r" || c === "\u00a0" || c === "\u3000";
const wild = (s) => /[*?]/.test(s);

// tokens splits a line into {at, end, not, field, text, form}.
function tokens(line) {
	const out = [];
	for (let i = 0; i < line.length;) {
		if (isSpace(line[i])) { i++; continue; }
		const k = { at: i, not: false, field: "", text: "", form: "word" };
		if (line[i] === "-" && i + 1 < line.length && !isSpace(line[i + 1])) { k.not = true; i++; }
		const name = /^([A-Za-z]+):/.exec(line.slice(i, i + 32));
		if (name && Object.hasOwn(FIELDS, name[1].toLowerCase())) {
			k.field = name[1].toLowerCase();
			i += name[0].length;
		}
		i += value(k, line.slice(i));
		k.end = i;
		out.push(k);
	}
	return out;
}

function value(k, s) {
	if (s[0] === '"') {
		k.form = "quoted";
		for (let i = 1; i < s.length; i++) {
			if (s[i] !== '"') k.text += s[i];
			else if (s[i + 1] === '"') { k.text += '"'; i++; } else return i + 1;
		}
		return s.length;
	}
	const n = slashEnd(s);
	if (n > 0) {
		k.form = "slashed";
		k.text = s.slice(1, n - 1);
		return n;
	}
	let i = 0;
	while (i < s.length && !isSpace(s[i])) i++;
	k.text = s.slice(0, i);
	return i;
}

function slashEnd(s) {
	if (s[0] !== "/") return 0;
	for (let i = 1; i < s.length; i++) {
		if (s[i] === "\\") i++;
		else if (s[i] === "/" && (i + 1 === s.length || isSpace(s[i + 1]))) return i === 1 ? 0 : i + 1;
	}
	return 0;
}

const bytesOf = (s) => new TextEncoder().encode(s).length;

// parse returns the terms of a line: {not, run}; run returns the rows, as bytes.
function parse(line) {
	if (bytesOf(line) > 8192) fail("longer than 8192 bytes");
	const terms = [];
	for (const k of tokens(line)) {
		const run = compile(k);
		if (run) terms.push({ not: k.not, run });
	}
	return terms;
}

function compile(k) {
	if (k.field) return FIELDS[k.field](k);
	if (k.form === "slashed") {
		const re = regexp(k.text);
		return () => anywhere((table) => table.where((s) => re.test(s)), (s) => re.test(s), null);
	}
	if (k.text === "") return null;
	const part = fold(k.text);
	let when = null;
	if (k.form === "word" && bytesOf(k.text) >= 7) when = parseTime(k.text);
	return () => {
		const mask = anywhere((table) => table.contains(part), (s) => s.includes(part), part);
		if (when) inPeriod(mask, when.from, when.to);
		return mask;
	};
}

const LISTS = new Set(["tag", "rules", "finding_ids"]);

// anywhere looks into all texts of the rows. part is the text when it is plain.
function anywhere(find, test, part) {
	const mask = new Uint8Array(rows.n);
	for (const [name, col] of Object.entries(rows.cols)) {
		const hits = LISTS.has(name) ? listHits(col.table, test) : find(col.table);
		if (hits) spread(mask, col.refs, hits);
	}
	for (const x of rows.extras) {
		const hits = find(x.table);
		const digits = part === null || /^\d+$/.test(part);
		if (!hits && !digits) continue;
		spreadExtra(mask, x, (ref) => ref >= INLINE ? digits && test(String(ref - INLINE)) : hits !== null && hits[ref] === 1);
	}
	if (part === null) {
		for (let i = 0; i < rows.n; i++) if (!mask[i] && (test(idOf(i)) || test(recordOf(i)))) mask[i] = 1;
	} else ids(mask, part);
	return mask;
}

function spread(mask, refs, hits) {
	for (let i = 0; i < refs.length; i++) if (hits[refs[i]]) mask[i] = 1;
}

function spreadExtra(mask, x, hit) {
	for (let k = 0; k < x.rows.length; k++) if (hit(x.refs[k])) mask[x.rows[k]] = 1;
}

function listHits(table, test) {
	const hits = new Uint8Array(table.length);
	for (let id = 1; id < table.length; id++) if (table.get(id).split("\x1f").some((s) => test(fold(s)))) hits[id] = 1;
	return hits;
}

// ids finds a text in the ids of rows and records, digit by digit.
function ids(mask, part) {
	for (const [i, pair] of Object.entries(info.odd_ids)) if (pair.some((s) => fold(s).includes(part))) mask[i] = 1;
	if (!/^[0-9a-f]{1,16}$/.test(part)) return;
	const head = part.slice(0, 8), bits = 4 * head.length, want = parseInt(head, 16) | 0;
	const keep = bits === 32 ? -1 : (1 << bits) - 1, rest = part.length > 8;
	const look = (hi, lo, whole) => {
		for (let i = 0; i < rows.n; i++) {
			if (mask[i]) continue;
			for (let shift = 64 - bits; shift >= 4 * part.length - bits; shift -= 4) { // of the window from the right
				const w = shift >= 32 ? hi[i] >>> shift - 32 : shift > 0 ? hi[i] << 32 - shift | lo[i] >>> shift : lo[i];
				if ((w & keep) === want && (!rest || whole(i).includes(part))) {
					if (!info.odd_ids[i]) mask[i] = 1;
					break;
				}
			}
		}
	};
	look(rows.idHi, rows.idLo, idOf);
	look(rows.recHi, rows.recLo, recordOf);
}

// Tests of folded texts.
const contains = (p) => (s) => s.includes(p);
const begins = (p) => (s) => s.startsWith(p);
const equals = (p) => (s) => s === p;

function glob(pattern) {
	const p = Array.from(pattern);
	return (text) => {
		const s = Array.from(text);
		let i = 0, j = 0, star = -1, mark = 0;
		while (j < s.length) {
			if (p[i] === "*") { star = i; mark = j; i++; } else if (i < p.length && (p[i] === "?" || p[i] === s[j])) { i++; j++; } else if (star >= 0) {
				mark++;
				i = star + 1;
				j = mark;
			} else return false;
		}
		while (p[i] === "*") i++;
		return i === p.length;
	};
}

// Sources of fields: each takes a test and returns the rows.
const one = (name) => (test) => {
	const { table, refs } = rows.cols[name], mask = new Uint8Array(rows.n);
	const hits = table.where(test) ?? new Uint8Array(table.length);
	hits[0] = test("") ? 1 : 0;
	spread(mask, refs, hits);
	return mask;
};

const list = (name) => (test) => {
	const { table, refs } = rows.cols[name], mask = new Uint8Array(rows.n);
	spread(mask, refs, listHits(table, test));
	return mask;
};

const text = (of) => (test) => {
	const mask = new Uint8Array(rows.n);
	for (let i = 0; i < rows.n; i++) if (test(fold(of(i)))) mask[i] = 1;
	return mask;
};

function user(test) {
	const mask = one("username")(test), { table, refs } = rows.cols.user_sid;
	const hits = table.where(test);
	if (hits) spread(mask, refs, hits);
	return mask;
}

const PATH_NAMES = ["app", "application", "folder", "image", "program", "resolved", "target"];
const isPathName = (n) => n !== "path_state" && n.includes("path") || PATH_NAMES.includes(n);
const isHashName = (n) => ["hash", "md5", "sha1", "sha256"].some((p) => n.includes(p));

// pathForm is the spelling in which paths are compared.
function pathForm(s) {
	s = s.replaceAll("/", "\\");
	for (const pre of ["\\??\\", "\\\\?\\"]) if (s.startsWith(pre)) s = s.slice(pre.length);
	return /^[A-Za-z]:/.test(s) ? s.slice(2) : s;
}

// besides adds the fields under "extra" whose name is as wanted.
function besides(mask, named, test) {
	for (const x of rows.extras) {
		if (!named(x.name)) continue;
		const hits = x.table.where(test) ?? new Uint8Array(x.table.length);
		hits[0] = test("") ? 1 : 0;
		spreadExtra(mask, x, (ref) => ref >= INLINE ? test(String(ref - INLINE)) : hits[ref] === 1);
	}
	return mask;
}

const paths = (test) => {
	const formed = (s) => test(pathForm(s));
	return besides(one("path")(formed), isPathName, formed);
};

const hashes = (test) => besides(one("source_sha256")(test), isHashName, test);

const empty = (k) => fail(k.field + ": is without a value; " + k.field + ':"" finds empty ones');

const nameField = (of) => (k) => {
	if (k.form === "slashed") return regexpField(k, of);
	const words = k.form === "quoted" ? [k.text] : k.text.split(",");
	const tests = words.map((w) => {
		w = fold(w);
		if (k.form === "word" && w === "") empty(k);
		return k.form === "word" && wild(w) ? glob(w) : equals(w);
	});
	return () => of(tests.length === 1 ? tests[0] : (s) => tests.some((test) => test(s)));
};

const textField = (compare, of) => (k) => {
	if (k.form === "slashed") return regexpField(k, of);
	const w = fold(k.text);
	if (k.form === "quoted" && w === "") return () => of(equals(""));
	if (w === "") empty(k);
	if (k.form === "word" && wild(w)) return () => of(glob(w));
	return () => of(compare(w));
};

function regexpField(k, of) {
	const re = regexp(k.text);
	return () => of((s) => re.test(s));
}

function pathField(k) {
	k = { ...k };
	if (k.form !== "slashed") {
		const w = pathForm(k.text);
		k.text = w === "" && k.text !== "" ? "\\" : w;
	}
	return textField(contains, paths)(k);
}

function levelField(k) {
	const on = new Array(6).fill(false);
	for (let w of k.form === "quoted" ? [k.text] : k.text.split(",")) {
		w = fold(w);
		const name = w.replace(/[+-]+$/, ""), sign = w.slice(name.length);
		const i = name === "none" ? 0 : name === "info" ? 1 : name === "" ? -1 : LEVELS.indexOf(name);
		if (i < 0 || sign.length > 1 || i === 0 && sign !== "") {
			fail("level:" + k.text + ": want critical, high, medium, low, informational or none; high+ is high and above");
		}
		for (let n = 0; n < 6; n++) on[n] ||= n === i || sign === "+" && n > i || sign === "-" && n > 0 && n < i;
	}
	return () => one("level")((s) => { const i = LEVELS.indexOf(s); return i >= 0 && on[i]; });
}

// Times of queries are ticks, as BigInt.
const TIME = /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[Tt ](\d\d)(?::(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?)?)?)?([Zz]|[+-]\d\d:\d\d)?$/;
const SECOND = 10000000n;

// parseTime returns the period of a time, null when it is none.
function parseTime(s) {
	const m = TIME.exec(s);
	if (!m) return null;
	const n = [0, 1, 1, 0, 0, 0];
	let known = 0;
	for (let i = 0; i < 6; i++) if (m[i + 1]) { n[i] = +m[i + 1]; known = i + 1; }
	const at = (y, mo, d, h, mi, s) => BigInt(Date.UTC(y, mo - 1, d, h, mi, s)) / 1000n;
	const d = new Date(Date.UTC(n[0], n[1] - 1, n[2], n[3], n[4], n[5]));
	if (n[0] < 1601 || d.getUTCMonth() + 1 !== n[1] || d.getUTCDate() !== n[2] || d.getUTCHours() !== n[3] ||
		d.getUTCMinutes() !== n[4] || d.getUTCSeconds() !== n[5]) return null;
	const begin = at(...n);
	const end = [at(n[0] + 1, 1, 1, 0, 0, 0), at(n[0], n[1] + 1, 1, 0, 0, 0), begin + 86400n, begin + 3600n, begin + 60n, begin + 1n][known - 1];
	const E = BigInt(EPOCH);
	let from = (begin + E) * SECOND, to = (end + E) * SECOND;
	if (m[7]) {
		from += BigInt((m[7] + "0000000").slice(0, 7));
		to = from + 10n ** BigInt(Math.max(0, 7 - m[7].length));
	}
	const zone = m[8] ?? "";
	if (zone.length > 1 && (known < 4 || +zone.slice(1, 3) > 14 || +zone.slice(4, 6) > 59)) return null;
	let shift = 0n;
	if (zone.length > 1) shift = BigInt(+zone.slice(1, 3) * 60 + +zone.slice(4, 6)) * 60n * SECOND * (zone[0] === "-" ? -1n : 1n);
	return { from: from - shift, to: to - shift };
}

const wantTime = (s) => JSON.stringify(s) + ": want a UTC time such as 2026-03-06 or 2026-03-06T18:09:02";

// floorDiv splits ticks into seconds and the rest.
function split(ticks) {
	let s = ticks / SECOND, r = ticks % SECOND;
	if (r < 0n) { r += SECOND; s -= 1n; }
	return [Number(s), Number(r)];
}

// inPeriod marks the rows from a time up to but without another; null has no bound.
function inPeriod(mask, from, to) {
	const [fs, fr] = from === null ? [-Infinity, 0] : split(from), [ts, tr] = to === null ? [Infinity, 0] : split(to);
	const { sec, sub, n } = rows;
	for (let i = 0; i < n; i++) {
		const s = sec[i];
		if (s < fs || s > ts || s === fs && sub[i] < fr || s === ts && sub[i] >= tr) continue;
		mask[i] = 1;
	}
	return mask;
}

function timeField(k, bounds) {
	const p = k.form === "slashed" ? null : parseTime(k.text);
	if (!p) fail(k.field + ":" + wantTime(k.text));
	return () => inPeriod(new Uint8Array(rows.n), ...bounds(p.from));
}

const UNITS = { ms: 10000n, s: SECOND, m: 60n * SECOND, h: 3600n * SECOND, d: 86400n * SECOND };

function aroundField(k) {
	let s = k.text, span = 300n * SECOND;
	const cut = s.includes("±") ? "±" : "+-", at = s.indexOf(cut);
	if (at >= 0) {
		const m = /^(\d{1,6})(ms|s|m|h|d)$/.exec(fold(s.slice(at + cut.length)));
		if (!m) fail("around:" + s + ": want a span such as 30s, 5m, 2h or 1d");
		span = BigInt(m[1]) * UNITS[m[2]];
		s = s.slice(0, at);
	}
	s = fold(s);
	if (/^[0-9a-f]{4,16}$/.test(s)) return () => near(timesOf(s), span);
	const p = k.form === "slashed" ? null : parseTime(s);
	if (!p) fail("around:" + k.text + ": want an id of at least 4 hexadecimal digits, or a time");
	return () => near([p.from], span);
}

// timesOf returns the times of the rows whose own id, or that of their record or of a
// finding, begins with an id.
function timesOf(prefix) {
	const found = new Set(), times = [];
	const findings = rows.cols.finding_ids, named = new Map();
	for (let id = 1; id < findings.table.length; id++) {
		const list = findings.table.get(id).split("\x1f").filter((s) => s.startsWith(prefix));
		if (list.length) named.set(id, list);
	}
	const head = prefix.slice(0, 8), cut = 2 ** (32 - 4 * head.length), want = parseInt(head, 16);
	const fits = (hi, whole, i) => {
		if (info.odd_ids[i]) return whole(i).startsWith(prefix);
		return Math.floor(hi[i] / cut) === want && (prefix.length <= 8 || whole(i).startsWith(prefix));
	};
	for (let i = 0; i < rows.n; i++) {
		const before = found.size, a = fits(rows.idHi, idOf, i), b = fits(rows.recHi, recordOf, i), c = named.get(findings.refs[i]);
		if (!a && !b && !c) continue;
		if (a) found.add(idOf(i));
		if (b) found.add(recordOf(i));
		for (const f of c ?? []) found.add(f);
		times.push(BigInt(rows.sec[i]) * SECOND + BigInt(rows.sub[i]));
		if (before < 2 && found.size > 1) fail("around:" + prefix + ": " + t("notUnique"));
	}
	if (!found.size) fail("around:" + prefix + ": " + t("noSuchID"));
	return times;
}

function near(times, span) {
	const mask = new Uint8Array(rows.n);
	times.sort((a, b) => a < b ? -1 : a > b ? 1 : 0);
	for (let k = 0; k < times.length;) {
		const from = times[k] - span;
		let to = times[k] + span;
		for (k++; k < times.length && times[k] - span <= to; k++) to = times[k] + span;
		inPeriod(mask, from, to + 1n);
	}
	return mask;
}

const FIELDS = {
	level: levelField,
	after: (k) => timeField(k, (x) => [x, null]),
	before: (k) => timeField(k, (x) => [null, x]),
	around: aroundField,
	path: pathField,
	hash: textField(contains, hashes),
	proves: nameField(one("confidence")),
	artifact: nameField(one("parser")),
	host: nameField(one("hostname")),
	state: nameField(one("state")),
	kind: nameField(one("timestamp_desc")),
	type: nameField(one("data_type")),
	program: nameField(one("executable")),
	tag: nameField(list("tag")),
	rule: nameField(list("rules")),
	user: nameField(user),
	id: textField(begins, text(idOf)),
	record: textField(begins, text(recordOf)),
	finding: textField(begins, list("finding_ids")),
	message: textField(contains, one("message")),
	source: textField(contains, one("source_file")),
	key: textField(contains, one("key_path")),
	value: textField(contains, one("value_name")),
};
