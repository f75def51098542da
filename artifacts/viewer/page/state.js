
// What is shown: the rows that the search line, and the switch for marked rows, leave.
const state = {
	query: "", shown: new Uint32Array(0), count: 0, cursor: 0, past: [], onlyMarked: false, zone: {}, view: "rows",
	listeners: [],
};

const onChange = (f) => state.listeners.push(f);
const changed = () => { for (const f of state.listeners) f(); };

// search puts a line in force and returns whether it could be read.
function search(line, how) {
	let mask;
	deadline = performance.now() + PATIENCE * 1000;
	try {
		mask = run(parse(line));
	} catch (e) {
		if (!(e instanceof QueryError)) throw e;
		$("problem").textContent = visible(e.message);
		$("problem").hidden = false;
		$("search").setAttribute("aria-invalid", "true");
		return false;
	} finally {
		deadline = Infinity;
	}
	$("problem").hidden = true;
	$("search").removeAttribute("aria-invalid");
	if (line !== state.query && how !== "undo") {
		state.past.push(state.query);
		if (state.past.length > 500) state.past.shift();
	}
	const at = state.count ? state.shown[state.cursor] : -1;
	state.query = line;
	state.mask = mask;
	if ($("search").value !== line) $("search").value = line;
	apply(at);
	if (how !== "hash") writeHash();
	return true;
}

// run returns the rows that satisfy all terms, null for all rows.
function run(terms) {
	let all = null;
	for (const k of terms) {
		const mask = k.run();
		const yes = k.not ? 0 : 1;
		if (!all) {
			all = mask;
			if (k.not) for (let i = 0; i < rows.n; i++) all[i] ^= 1;
		} else for (let i = 0; i < rows.n; i++) if (mask[i] !== yes) all[i] = 0;
	}
	return all;
}

// apply lists the rows that are shown; the cursor stays at its row, or near.
function apply(at) {
	const { mask } = state, shown = state.buffer ??= new Uint32Array(rows.n);
	let n = 0, cursor = -1;
	for (let i = 0; i < rows.n; i++) {
		if (mask && !mask[i] || state.onlyMarked && !marks.has(idOf(i))) continue;
		if (cursor < 0 && i >= at) cursor = n;
		shown[n++] = i;
	}
	state.shown = shown.subarray(0, n);
	state.count = n;
	state.cursor = Math.max(0, cursor < 0 ? n - 1 : cursor);
	document.documentElement.dataset.query = state.query;
	$("grid").setAttribute("aria-rowcount", n);
	$("count").textContent = t("rows", number(n), number(rows.n));
	changed();
}

function undo() {
	if (state.past.length) search(state.past.pop(), "undo");
}

let writing = "";

function writeHash() {
	const parts = [];
	if (state.query) parts.push("q=" + encodeURIComponent(state.query));
	if (state.view !== "rows") parts.push("view=" + state.view);
	if (state.zoneName) parts.push("zone=" + encodeURIComponent(state.zoneName));
	writing = "#" + parts.join("&");
	if (location.hash !== writing && !(writing === "#" && location.hash === "")) history.pushState(null, "", writing);
}

function readHash() {
	const p = {};
	for (const part of location.hash.slice(1).split("&")) {
		const at = part.indexOf("=");
		if (at < 0) continue;
		try {
			p[part.slice(0, at)] = decodeURIComponent(part.slice(at + 1));
		} catch { /* not percent-encoded: ignored */ }
	}
	if (p.zone !== undefined && p.zone !== state.zoneName) setZone(p.zone);
	if (p.view && p.view !== state.view) show(p.view);
	search(p.q ?? "", "hash");
}

// quote writes a value so that it is taken as it is.
function quote(s) {
	return /^[^\s\u3000"*?,/-][^\s\u3000"*?,]*$/.test(s) ? s : '"' + s.replaceAll('"', '""') + '"';
}

// without returns the line without the terms of some fields.
function without(line, ...names) {
	return tokens(line).filter((k) => k.not || !names.includes(k.field)).map((k) => line.slice(k.at, k.end)).join(" ");
}

function withTerm(line, term) {
	const list = tokens(line).map((k) => line.slice(k.at, k.end));
	if (!list.includes(term)) list.push(term);
	return list.join(" ");
}

const addTerm = (term) => search(withTerm(state.query, term));

// toggle puts a value of a field in force, or takes it back.
function toggle(name, v, not) {
	const q = quote(v), line = state.query, list = tokens(line);
	const have = list.filter((k) => k.field === name && k.not === !!not && k.form === "word" && !wild(k.text));
	const same = list.find((k) => k.field === name && k.not === !!not && k.form === "quoted" && k.text === v);
	const rest = (drop) => list.filter((k) => !drop.includes(k)).map((k) => line.slice(k.at, k.end));
	const dash = not ? "-" : "";
	if (same) return search(rest([same]).join(" "));
	if (q.startsWith('"')) return search([...rest([]), dash + name + ":" + q].join(" "));
	const values = have.flatMap((k) => k.text.split(","));
	const next = values.some((x) => fold(x) === fold(v)) ? values.filter((x) => fold(x) !== fold(v)) : [...values, v];
	const terms = rest(have);
	if (next.length) terms.push(dash + name + ":" + next.join(","));
	return search(terms.join(" "));
}

// setTimes bounds the rows by time: seconds from 1601, either may be null.
function setTimes(from, to) {
	const stamp = (s) => { const [d, c] = civil(Math.floor(s)); return d + "T" + c; };
	let line = without(state.query, "after", "before", "around");
	if (from !== null) line = withTerm(line, "after:" + stamp(from));
	if (to !== null) line = withTerm(line, "before:" + stamp(Math.ceil(to)));
	search(line);
}

const current = () => state.count ? state.shown[state.cursor] : -1;

function indexOfRow(i) {
	let lo = 0, hi = state.count - 1;
	while (lo < hi) {
		const mid = (lo + hi) >> 1;
		if (state.shown[mid] < i) lo = mid + 1; else hi = mid;
	}
	return lo < state.count && state.shown[lo] === i ? lo : -1;
}
