
// Regular expressions are read by the rules of package search and written anew for the
// browser.
const MAX_NESTING = 20, MAX_REPEAT = 100, MAX_COPIES = 500, MAX_ENDLESS = 4, FEW_REPEATS = 10;
const FIXED = 0, VARYING = 1, ENDLESS = 2, POSITION = 3;

const SETS = { d: "0-9", D: "^0-9", w: "0-9A-Za-z_", W: "^0-9A-Za-z_", s: "\\t\\n\\f\\r ", S: "^\\t\\n\\f\\r " };
const INSIDE = {
	D: "\\u{0}-\\u{2F}\\u{3A}-\\u{10FFFF}",
	W: "\\u{0}-\\u{2F}\\u{3A}-\\u{40}\\u{5B}-\\u{5E}\\u{60}\\u{7B}-\\u{10FFFF}",
	S: "\\u{0}-\\u{8}\\u{B}\\u{E}-\\u{1F}\\u{21}-\\u{10FFFF}",
};

function regexp(pattern) {
	if (bytesOf(pattern) > 1000) fail("a regular expression longer than 1000 bytes");
	return new RegExp(new Pattern(pattern).whole(), "u");
}

const NOTHING = "nothing to repeat before * + ? or {";

class Pattern {
	constructor(s) { this.s = Array.from(s); this.i = 0; this.out = ""; this.endless = 0; }
	get c() { return this.s[this.i]; }
	get more() { return this.i < this.s.length; }
	whole() {
		this.alternatives(0);
		if (this.more) fail("a closing parenthesis without its opening one; write \\)");
		return this.out;
	}
	alternatives(depth) {
		if (depth > MAX_NESTING) fail("too many parentheses inside each other");
		let shape = FIXED, copies = 1;
		for (;;) {
			while (this.more && this.c !== "|" && this.c !== ")") {
				const x = this.repeated(depth);
				if (x.shape !== POSITION) { shape = Math.max(shape, x.shape); copies = Math.max(copies, x.copies); }
			}
			if (!this.more || this.c === ")") return { shape, copies };
			this.i++;
			this.out += "|";
			shape = Math.max(shape, VARYING);
		}
	}
	repeated(depth) {
		let { shape, copies } = this.atom(depth);
		const n = this.count();
		if (!n) return { shape, copies };
		copies *= Math.max(1, n.low, n.high);
		if (shape === POSITION) fail(NOTHING);
		if (shape !== FIXED && (n.high < 0 || n.high > FEW_REPEATS) || shape === ENDLESS && n.high > 1) {
			fail("a repeated group cannot hold an alternative or another repetition: a page would be too slow");
		}
		if (copies > MAX_COPIES) fail("repetitions of repetitions come to more than " + MAX_COPIES);
		if (n.high < 0) this.out += n.low === 0 ? "*" : n.low === 1 ? "+" : "{" + n.low + ",}";
		else this.out += "{" + n.low + "," + n.high + "}";
		if (this.count()) fail("two repetitions after each other");
		if (n.high < 0) {
			shape = ENDLESS;
			if (++this.endless > MAX_ENDLESS) fail("more than " + MAX_ENDLESS + " repetitions without a bound: a page would be too slow");
		} else if (n.low !== n.high) shape = Math.max(shape, VARYING);
		return { shape, copies };
	}
	braces() { return /^\{(\d{1,4})(,(\d{0,4}))?\}/.exec(this.s.slice(this.i, this.i + 12).join("")); }
	count() {
		if (!this.more) return null;
		let low = 0, high = -1;
		switch (this.c) {
		case "*": break;
		case "+": low = 1; break;
		case "?": high = 1; break;
		case "{": {
			const m = this.braces();
			if (!m) return null;
			low = +m[1];
			high = m[2] === undefined ? low : m[3] === "" ? -1 : +m[3];
			if (low > MAX_REPEAT || high > MAX_REPEAT || high >= 0 && high < low) fail(m[0] + ": want at most 100, the smaller number first");
			this.i += m[0].length - 1;
			break;
		}
		default: return null;
		}
		this.i++;
		if (this.c === "?") this.i++;
		return { low, high };
	}
	atom(depth) {
		const one = { shape: FIXED, copies: 1 }, at = { shape: POSITION, copies: 1 };
		switch (this.c) {
		case "*": case "+": case "?": fail(NOTHING); break;
		case "{": if (this.braces()) fail(NOTHING); break;
		case "^": case "$": this.out += this.c; this.i++; return at;
		case ".": this.out += "[^\\n]"; this.i++; return one;
		case "(": return this.group(depth);
		case "[": this.i++; this.set(); return one;
		case "\\":
			if (this.s[this.i + 1] === "b" || this.s[this.i + 1] === "B") {
				this.out += "\\" + this.s[this.i + 1];
				this.i += 2;
				return at;
			}
		}
		const x = this.character();
		this.out += x.set ? "[" + x.set + "]" : this.code(fold(x.c));
		return one;
	}
	group(depth) {
		this.i++;
		if (this.c === "?") {
			if (this.s[this.i + 1] !== ":") fail("of the groups with (? only (?: is known");
			this.i += 2;
		}
		this.out += "(?:";
		const x = this.alternatives(depth + 1);
		if (!this.more) fail("a parenthesis is not closed; write \\( for the character");
		this.i++;
		this.out += ")";
		return x;
	}
	code(c) { return "\\u{" + c.codePointAt(0).toString(16) + "}"; }
	character() {
		let c = this.c;
		this.i++;
		if (c !== "\\") return { c };
		if (!this.more) fail("a backslash at the end; write \\\\ for the character");
		c = this.c;
		this.i++;
		if (Object.hasOwn(SETS, c)) return { c, set: SETS[c] };
		if (c === "x") {
			const h = this.s.slice(this.i, this.i + 2).join("");
			if (!/^[0-9a-fA-F]{2}$/.test(h)) fail("\\x wants two hexadecimal digits");
			this.i += 2;
			return { c: String.fromCharCode(parseInt(h, 16)) };
		}
		const k = "tnrfv".indexOf(c);
		if (k >= 0) return { c: "\t\n\r\f\v"[k] };
		if (c > " " && c < "\x7f" && !/[0-9A-Za-z]/.test(c)) return { c };
		return fail("\\" + c + " is not known here; write \\\\ for a backslash");
	}
	set() {
		this.out += "[";
		if (this.c === "^") { this.out += "^"; this.i++; }
		if (this.c === "]") fail("an empty class; write \\] for the character");
		while (this.more && this.c !== "]") {
			if (this.c === "[" && this.s[this.i + 1] === ":") fail("classes such as [:alpha:] are not known; write a-z");
			const low = this.character();
			const ranged = this.c === "-" && this.i + 1 < this.s.length && this.s[this.i + 1] !== "]";
			if (low.set) {
				if (ranged) fail("a range cannot begin with a class");
				this.out += INSIDE[low.c] ?? low.set;
				continue;
			}
			let high = low;
			if (ranged) {
				this.i++;
				high = this.character();
				if (high.set || high.c.codePointAt(0) < low.c.codePointAt(0)) fail("a range whose end is before its begin");
			}
			this.span(low.c.codePointAt(0), high.c.codePointAt(0));
		}
		if (!this.more) fail("a bracket is not closed; write \\[ for the character");
		this.i++;
		this.out += "]";
	}
	span(low, high) {
		const code = (n) => "\\u{" + n.toString(16) + "}";
		this.out += code(low) + "-" + code(high);
		for (let c = low; c <= Math.min(high, 65535); c++) if (foldTo[c] !== c) this.out += code(foldTo[c]);
	}
}
