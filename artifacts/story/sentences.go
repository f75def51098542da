package story

import (
	"strings"
	"unicode/utf8"
)

// A form is one sentence in both languages. {name} stands for a value, and
// {words {name} words} for words that are there when their values are.
type form struct{ en, ja string }

// forms are all sentences that a story can hold. What they never say is in the
// documentation of the package.
var forms = map[string]form{
	"lead": {"Between {t0} and {t1} UTC{ ({local})}: {acts} of note{ by {accounts}}, involving {programs}.",
		"{t0}〜{t1}（UTC{、現地 {local}}）に、{{accounts} による}注目すべき行為が {acts}あり、{programs}が関わっています。"},
	"arrive": {"{P} appeared{ from {url}}.", "{P} が出現しました{（入手元 {url}）}。"},
	"detect": {"{product} reported {name} in {P}{; action: {action}}.", "{product} が {P} から {name} を検出しました{（処置：{action}）}。"},
	"try": {"{product} reported {name} in a command line ({cmd}). No start of {P} is recorded.",
		"{product} がコマンドライン（{cmd}）から {name} を検出しました。{P} の起動記録はありません。"},
	"run": {"{P} ran{ at least {n} times}{, as {A}}{: {cmd}}.", "{P} が{少なくとも {n} 回}実行されました{（{A}）}{：{cmd}}。"},
	"during": {"{P} ran{ at least {n} times} while {A} was logged on{ from {source}}; who started it is not recorded.",
		"{A} が{ {source} から}ログオン中に {P} が{少なくとも {n} 回}実行されました。起動した者の記録はありません。"},
	"couple": {"Each of {n} starts of {P} was followed by {Q} within {gap}: they are one job.",
		"{P} の起動 {n} 回すべての {gap} 以内に {Q} が起動しており、一連の動作と推定されます。"},
	"service": {"Service {name} ({P}) was installed{ {n} times}{ by {A}}.", "サービス {name}（{P}）が{ {A} により}{ {n} 回}登録されました。"},
	"task":    {"Task {name} was made{ by {A}}{: {cmd}}. {ran}", "タスク {name} が{ {A} により}作成されました{：{cmd}}。{ran}"},
	"fire":    {"{mechanism} {name} started {P}.", "{mechanism} {name} により {P} が起動しました。"},
	"setting": {"{setting} was changed{ to {value}}{ by {A}}.", "{setting} が{ {A} により}{ {value} に}変更されました。"},
	"account": {"Account {X} was {enabled}{created}{deleted}{changed}{ by {A}}.",
		"アカウント {X} が{ {A} により}{enabled}{created}{deleted}{changed}されました。"},
	"group":    {"Account {X} was added to {G}{ by {A}}.", "アカウント {X} が{ {A} により} {G} に追加されました。"},
	"logon":    {"{A} logged on{ from {source}} ({type}).", "{A} が{ {source} から}（{type}）ログオンしました。"},
	"discover": {"{k} discovery programs ran {n} times: {names}.", "調査用プログラム {k} 種が {n} 回実行されました：{names}。"},
	"send": {"{P} sent {b} and received {c} bytes in the hour to {t}; to whom is not recorded.",
		"{t} までの1時間に {P} は {b} バイトを送信、{c} バイトを受信しました。宛先の記録はありません。"},
	"wmi":    {"WMI subscription {filter} → {consumer} was registered.", "WMI サブスクリプション {filter} → {consumer} が登録されました。"},
	"script": {"PowerShell logged a script with {words}.", "PowerShell が {words} を含むスクリプトを記録しました。"},
	"forged": {"A record that looks like “{event}” was written by {P} and is forged.",
		"「{event}」に見える記録は {P} が書き込んだもので、本物ではありません。"},
	"delete": {"{P} was deleted{ by {A}}{, its Prefetch file too{both}}.", "{P} が{ {A} により}削除されました{（Prefetch ファイルも{both}）}。"},
	"pf":     {"The Prefetch file of {P} was deleted.", "{P} の Prefetch ファイルが削除されました。"},
	"clear":  {"Log {name} was cleared{ by {A}}; what it held before {t} is lost.", "ログ {name} が{ {A} により}消去され、{t} 以前の内容は失われています。"},
	"record": {"{title}: {quote}", "{title}：{quote}"},
	"more":   {"{n} further acts of lower level are listed below.", "ほかに低い水準の行為が {n} 件あり、下に示します。"},
	"left": {"{n} further acts are not told: a story holds at most {max}. The findings list them.",
		"ほかに行為が {n} 件ありますが、{max} 件を超えるため省きました。所見の一覧に示します。"},
	"unread": {"Unreadable or absent: {list}. What they would have shown is unknown.", "読み取れないか存在しないもの：{list}。その内容は不明です。"},
	"quiet": {"Nothing out of the ordinary was found in what could be read ({list}). {Unreadable or absent: {absent}. }This does not prove that " +
		"nothing happened.",
		"読み取れた範囲（{list}）に異常は見当たりません。{読み取れないか存在しないもの：{absent}。}何も起きなかった証明ではありません。"},
	"undated": {"{n} findings of level medium or above have no recorded time; they are listed among the findings.",
		"中以上の水準の所見 {n} 件には日時の分かる記録がなく、所見の一覧に示します。"},
	"nowindow": {"No incident window: the acts that deserve attention are isolated in time.", "インシデントの時間帯はありません。注目すべき行為は時間的に孤立しています。"},
	"clock": {"The clock was set inside this window: the order of acts is that of the records' times.",
		"この時間帯に時計が変更されています。行為の順序は記録の時刻によります。"},
}

// fill puts values into a form. A group in braces that holds a value stays only
// when all values directly in it are there.
func fill(text string, values map[string]string) string {
	s, _ := fillGroup(text, values, true)
	return strings.TrimSpace(s)
}

// fillGroup fills text and reports whether all its values are there.
func fillGroup(text string, values map[string]string, top bool) (string, bool) {
	var b strings.Builder
	whole := true
	for i := 0; i < len(text); {
		if text[i] != '{' {
			b.WriteByte(text[i])
			i++
			continue
		}
		end := closing(text, i)
		inner := text[i+1 : max(i+1, end)]
		i = end + 1
		if isName(inner) {
			v := values[inner]
			if v == "" {
				whole = false
			}
			if v != present {
				b.WriteString(v)
			}
			continue
		}
		if s, ok := fillGroup(inner, values, false); ok {
			b.WriteString(s)
		}
	}
	return b.String(), whole || top
}

// present is the value of a name that only switches a group on.
const present = "\x00"

// closing returns the index of the brace that closes the one at i, or the last
// index of the text.
func closing(text string, i int) int {
	depth := 0
	for j := i; j < len(text); j++ {
		switch text[j] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return j
			}
		}
	}
	return len(text) - 1
}

func isName(s string) bool {
	if s == "" {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// The bounds of what a sentence quotes.
const (
	maxSentence = 240
	maxQuoted   = 100
	maxPath     = 120
)

// cut shortens a text to a number of characters and puts it on one line.
func cut(s string, n int) string {
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	r := []rune(s)
	return strings.TrimSpace(string(r[:n-1])) + "…"
}

// path shows a path: whole, unless it is very long; then its end.
func path(s string) string {
	r := []rune(s)
	if len(r) <= maxPath {
		return s
	}
	return "…" + string(r[len(r)-maxPath+1:])
}

// coverageJA are the names of sources in Japanese.
var coverageJA = map[string]string{
	"Prefetch files": "Prefetch ファイル", "Security log": "セキュリティログ", "System log": "システムログ", "Sysmon log": "Sysmon ログ",
	"PowerShell log": "PowerShell ログ", "Defender log": "Defender ログ", "Amcache": "Amcache", "user hives": "ユーザーハイブ", "BAM": "BAM",
	"SRUM": "SRUM", "$MFT": "$MFT", "change journal": "変更ジャーナル",
}

// accountJA are the changes of an account in Japanese, where a form ends with
// されました.
var accountJA = map[string]string{
	"created": "作成", "enabled": "有効化", "deleted": "削除", "changed": "変更", "disabled": "無効化", "given a new password": "パスワード変更",
}
