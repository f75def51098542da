
// The rows: columns of references into tables of texts. The layout is described in
// artifacts/viewer/encode.go.
let info = {}; // the trailer: machines, findings, sessions …

const foldTo = new Uint16Array(65536);

// fold makes text lower case, one character for one character, as package search does.
function fold(s) {
	if (/^[\x00-\x7f]*$/.test(s)) return s.toLowerCase();
	return s.replace(/[A-Z\u0080-\uffff]/g, (c) => String.fromCharCode(foldTo[c.charCodeAt(0)]));
}

// Growing arrays of numbers.
class Grow {
	constructor(type, n) { this.type = type; this.a = new type(n ?? 1024); this.n = 0; }
	push(x) {
		if (this.n === this.a.length) this.room(this.n + 1);
		this.a[this.n++] = x;
	}
	room(n) {
		if (n <= this.a.length) return;
		const b = new this.type(Math.max(n, Math.ceil(this.a.length * 1.5)));
		b.set(this.a.subarray(0, this.n));
		this.a = b;
	}
	// more makes room for n numbers and returns where they go.
	more(n) {
		this.room(this.n + n);
		this.n += n;
		return this.n - n;
	}
	done() { return this.a.subarray(0, this.n); }
}

const KEEP_FOLDED = 24 << 20; // characters of folded text that are kept
let keptFolded = 0;

// A Table holds texts in chunks; number 0 is the empty text.
class Table {
	constructor() {
		this.chunks = []; // {text, first, folded}
		this.starts = new Grow(Uint32Array, 16);
		this.starts.push(0);
	}
	get length() { return this.starts.n; }
	add(text, lengths) {
		if (!lengths.length) return;
		this.chunks.push({ text, first: this.starts.n, folded: null });
		let at = 0, k = this.starts.more(lengths.length);
		const starts = this.starts.a;
		for (let i = 0; i < lengths.length; i++) { starts[k++] = at; at += lengths[i]; }
		if (at !== text.length) throw new Error("a table of texts is damaged");
	}
	chunkOf(id) {
		let lo = 0, hi = this.chunks.length - 1;
		while (lo < hi) {
			const mid = (lo + hi + 1) >> 1;
			if (this.chunks[mid].first <= id) lo = mid; else hi = mid - 1;
		}
		return lo;
	}
	end(c, id) {
		const next = this.chunks[c + 1];
		return id + 1 < (next ? next.first : this.starts.n) ? this.starts.a[id + 1] : this.chunks[c].text.length;
	}
	get(id) {
		if (id === 0 || id >= this.starts.n) return "";
		const c = this.chunkOf(id);
		return this.chunks[c].text.slice(this.starts.a[id], this.end(c, id));
	}
	folded(c) {
		if (c.folded !== null) return c.folded;
		const f = fold(c.text);
		if (f === c.text) return c.folded = c.text;
		if (keptFolded + f.length < KEEP_FOLDED) { keptFolded += f.length; c.folded = f; }
		return f;
	}
	// contains returns which texts contain a folded part; null is none of them.
	contains(part) {
		let hits = null;
		for (let k = 0; k < this.chunks.length; k++) {
			const c = this.chunks[k], text = this.folded(c), starts = this.starts.a;
			const last = k + 1 < this.chunks.length ? this.chunks[k + 1].first : this.starts.n;
			let id = c.first;
			for (let at = text.indexOf(part); at >= 0;) {
				let hi = last - 1;
				while (id < hi) {
					const mid = (id + hi + 1) >> 1;
					if (starts[mid] <= at) id = mid; else hi = mid - 1;
				}
				const end = id + 1 < last ? starts[id + 1] : text.length;
				if (at + part.length <= end) {
					hits ??= new Uint8Array(this.starts.n);
					hits[id] = 1;
					at = end;
				} else at++;
				at = text.indexOf(part, at);
			}
		}
		return hits;
	}
	// where returns which texts satisfy a test of folded text; the empty one is not asked.
	where(test) {
		let hits = null;
		for (let k = 0; k < this.chunks.length; k++) {
			const c = this.chunks[k], text = this.folded(c), starts = this.starts.a;
			const last = k + 1 < this.chunks.length ? this.chunks[k + 1].first : this.starts.n;
			for (let id = c.first; id < last; id++) {
				if (test(text.slice(starts[id], id + 1 < last ? starts[id + 1] : text.length))) {
					hits ??= new Uint8Array(this.starts.n);
					hits[id] = 1;
				}
			}
			patience();
		}
		return hits;
	}
}

const INLINE = 0x80000000; // an extra that is a number

const rows = {
	n: 0, sec: new Grow(Float64Array), sub: new Grow(Uint32Array), idHi: new Grow(Uint32Array), idLo: new Grow(Uint32Array),
	recHi: new Grow(Uint32Array), recLo: new Grow(Uint32Array), offset: new Grow(Float64Array),
	cols: {},   // name → {table, refs}
	extras: [], // {name, table, rows, refs}
	extraByName: new Map(),
};

// A Cursor reads numbers of varying length.
class Cursor {
	constructor(b) { this.b = b; this.i = 0; }
	uint() {
		let x = 0, scale = 1;
		for (;;) {
			const c = this.b[this.i++];
			if (c === undefined) throw new Error("a block ends early");
			x += (c & 127) * scale;
			if (c < 128) return x;
			scale *= 128;
		}
	}
	int() {
		const x = this.uint();
		return x % 2 ? -(x + 1) / 2 : x / 2;
	}
	// uints reads n numbers into an array.
	uints(n, out, at) {
		const b = this.b;
		let i = this.i;
		for (const end = at + n; at < end; at++) {
			let c = b[i++];
			if (c < 128) { out[at] = c; continue; }
			let x = c & 127;
			for (let scale = 128; c > 127; scale *= 128) { c = b[i++]; x += (c & 127) * scale; }
			out[at] = x;
		}
		if (i > b.length) throw new Error("a block ends early");
		this.i = i;
	}
	// refs reads n references of extras: an odd one is a number itself.
	refs(n, grow) {
		let k = grow.more(n);
		const a = grow.a;
		for (let i = 0; i < n; i++) {
			const v = this.uint();
			a[k++] = v % 2 ? INLINE + (v - 1) / 2 : v / 2;
		}
	}
	texts() {
		const n = this.uint(), lengths = new Uint32Array(n);
		this.uints(n, lengths, 0);
		const size = this.uint();
		const text = utf8.decode(this.b.subarray(this.i, this.i + size));
		this.i += size;
		return { text, lengths };
	}
}

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

function readBlock(bytes, names) {
	const c = new Cursor(bytes), n = c.uint(), base = rows.n;
	let last = 0;
	for (let i = 0; i < n; i++) rows.sec.push(last += c.int());
	const into = (grow, n) => { const at = grow.more(n); c.uints(n, grow.a, at); };
	into(rows.sub, n);
	const view = new DataView(bytes.buffer, bytes.byteOffset + c.i, 16 * n);
	["idLo", "idHi", "recLo", "recHi"].forEach((name, k) => {
		const at = rows[name].more(n), a = rows[name].a;
		for (let i = 0; i < n; i++) a[at + i] = view.getUint32(16 * i + 4 * k, true);
	});
	c.i += 16 * n;
	for (let i = 0; i < n; i++) rows.offset.push(c.int());
	for (const name of names) {
		const col = rows.cols[name];
		for (let k = 0; k < 2; k++) { const x = c.texts(); col.table.add(x.text, x.lengths); }
		into(col.refs, n);
	}
	const fresh = c.texts();
	let at = 0;
	for (const k of fresh.lengths) {
		const x = { name: fresh.text.slice(at, at + k), table: new Table(), rows: new Grow(Uint32Array, 16), refs: new Grow(Uint32Array, 16) };
		at += k;
		rows.extras.push(x);
		rows.extraByName.set(x.name, x);
	}
	for (let k = c.uint(); k > 0; k--) {
		const x = rows.extras[c.uint()], m = c.uint();
		for (let k = 0; k < 2; k++) { const w = c.texts(); x.table.add(w.text, w.lengths); }
		for (let i = 0, r = base; i < m; i++) x.rows.push(r += c.uint());
		c.refs(m, x.refs);
	}
	rows.n += n;
}

function fromBase64(s) {
	if (Uint8Array.fromBase64) return Uint8Array.fromBase64(s);
	s = atob(s);
	const b = new Uint8Array(s.length);
	for (let i = 0; i < s.length; i++) b[i] = s.charCodeAt(i);
	return b;
}

// load inflates the data elements one after the other, and takes each out of the page
// once it is read.
async function load() {
	const blocks = [...document.querySelectorAll("script.data")];
	const packed = new ReadableStream({
		pull(controller) {
			const e = blocks.shift();
			if (!e) { controller.close(); return; }
			const s = e.textContent;
			e.remove();
			controller.enqueue(fromBase64(s));
		},
	}, { highWaterMark: 1 });
	const reader = packed.pipeThrough(new DecompressionStream("gzip")).getReader();
	let buf = new Uint8Array(1 << 20), begin = 0, end = 0;
	const want = async (n) => {
		while (end - begin < n) {
			const { value, done } = await reader.read();
			if (done) return false;
			if (end + value.length > buf.length) {
				const live = end - begin;
				const to = live + value.length > buf.length ? new Uint8Array(2 * (live + value.length)) : buf;
				to.set(buf.subarray(begin, end));
				buf = to;
				begin = 0;
				end = live;
			}
			buf.set(value, end);
			end += value.length;
		}
		return true;
	};
	const block = async () => {
		let n = 0, scale = 1;
		for (;;) {
			if (!await want(1)) throw new Error("the data end early");
			const c = buf[begin++];
			n += (c & 127) * scale;
			if (c < 128) break;
			scale *= 128;
		}
		if (!await want(n)) throw new Error("the data end early");
		const b = buf.subarray(begin, begin + n);
		begin += n;
		return b;
	};
	const json = async () => JSON.parse(utf8.decode(await block()));
	const head = await json();
	for (let i = 0; i < 65536; i++) foldTo[i] = i;
	for (const [first, last, step, add] of head.fold) for (let i = first; i <= last; i += step) foldTo[i] = i + add;
	for (const name of head.columns) rows.cols[name] = { table: new Table(), refs: new Grow(Uint32Array) };
	for (let b = await block(); b.length; b = await block()) readBlock(b, head.columns);
	info = await json();
	for (const k of ["sec", "sub", "idHi", "idLo", "recHi", "recLo", "offset"]) rows[k] = rows[k].done();
	for (const col of Object.values(rows.cols)) col.refs = col.refs.done();
	for (const x of rows.extras) { x.rows = x.rows.done(); x.refs = x.refs.done(); }
	info.odd_ids ??= {};
	if (info.rows !== rows.n) throw new Error("rows are missing");
}

const HEX4 = Array.from({ length: 65536 }, (_, n) => n.toString(16).padStart(4, "0"));
const hex = (hi, lo) => HEX4[hi >>> 16] + HEX4[hi & 65535] + HEX4[lo >>> 16] + HEX4[lo & 65535];

function idOf(i) { return info.odd_ids[i]?.[0] ?? hex(rows.idHi[i], rows.idLo[i]); }
function recordOf(i) { return info.odd_ids[i]?.[1] ?? hex(rows.recHi[i], rows.recLo[i]); }

function cell(name, i) {
	const col = rows.cols[name];
	return col.table.get(col.refs[i]);
}

function cellList(name, i) {
	const s = cell(name, i);
	return s === "" ? [] : s.split("\x1f");
}

function extraText(x, ref) { return ref >= INLINE ? String(ref - INLINE) : x.table.get(ref); }

// extra returns one field under "extra" of a row, undefined where it has none.
function extra(name, i) {
	const x = rows.extraByName.get(name);
	if (!x) return undefined;
	let lo = 0, hi = x.rows.length;
	while (lo < hi) {
		const mid = (lo + hi) >> 1;
		if (x.rows[mid] < i) lo = mid + 1; else hi = mid;
	}
	return lo < x.rows.length && x.rows[lo] === i ? extraText(x, x.refs[lo]) : undefined;
}

function extrasOf(i) {
	const out = Object.create(null); // a field can be named __proto__
	for (const x of rows.extras) {
		const v = extra(x.name, i);
		if (v !== undefined) out[x.name] = v;
	}
	return out;
}

const UNKNOWN_ZONE = "local, zone unknown";
const isLocal = (i) => cell("time_kind", i) === UNKNOWN_ZONE;

// datetime is the time of a row as timeline.jsonl has it.
function datetime(i) {
	const [day, clock] = civil(rows.sec[i]);
	return day + "T" + clock + "." + pad(rows.sub[i], 7) + (isLocal(i) ? "" : "Z");
}

// subject is what a row is about.
function subject(i) {
	const p = cell("path", i) || extra("file_path", i) || extra("path", i);
	if (p) return p;
	const key = cell("key_path", i), value = cell("value_name", i);
	if (key) return value ? key + " → " + value : key;
	return cell("source_file", i);
}

// row returns a row as a line of timeline.jsonl.
function rowObject(i) {
	const ticks = BigInt(rows.sec[i]) * 10000000n + BigInt(rows.sub[i]);
	const c = (name) => cell(name, i);
	const o = {
		datetime: datetime(i), timestamp: ticks / 10n - BigInt(EPOCH) * 1000000n, filetime: ticks,
		timestamp_desc: c("timestamp_desc"), message: c("message"), data_type: c("data_type"), parser: c("parser"), hostname: c("hostname"),
		username: c("username"), user_sid: c("user_sid"), source_file: c("source_file"), source_sha256: c("source_sha256"), snapshot: c("snapshot"),
		path: c("path"), executable: c("executable"), key_path: c("key_path"), value_name: c("value_name"), tag: cellList("tag", i),
		confidence: c("confidence"), id: idOf(i), offset: rows.offset[i], state: c("state"), extra: extrasOf(i), record_id: recordOf(i),
		level: c("level"), rules: cellList("rules", i), finding_ids: cellList("finding_ids", i),
	};
	if (c("time_kind")) o.time_kind = c("time_kind");
	if (o.data_type === "windows:evtx:record") {
		for (const k of ["event_identifier", "record_number"]) if (/^-?\d+$/.test(o.extra[k] ?? "")) o[k] = Number(o.extra[k]);
		for (const k of ["provider", "channel", "computer"]) o[k] = o.extra[k] ?? "";
	}
	return o;
}

// jsonOf writes an object, and its numbers with all digits.
function jsonOf(o) {
	const big = {};
	for (const k of ["timestamp", "filetime"]) if (typeof o[k] === "bigint") { big[k] = o[k].toString(); o[k] = 0; }
	let s = JSON.stringify(o);
	for (const k of Object.keys(big)) s = s.replace('"' + k + '":0', '"' + k + '":' + big[k]);
	return s;
}
