package report

import (
	"fmt"
	"slices"
)

// A text is one phrase of the page in every language. A phrase with a verb
// of package fmt has the same verbs in the same order in both.
type text struct{ en, ja string }

// texts are all words of the page that do not come from the evidence or from
// rules. Those stay as they are: what analysts search for does not change
// with the reader's language.
var texts = map[string]text{
	"report":   {"Report on program activity", "プログラム実行痕跡レポート"},
	"skip":     {"Skip to the findings", "検出事項へ移動"},
	"contents": {"Contents", "目次"},
	"intro": {"Program activity recorded in the evidence. A finding is a reason to review, not a verdict. All times are UTC.",
		"証拠に残るプログラムの痕跡です。検出事項は優先して調べる理由であり、判定ではありません。時刻はすべて UTC です。"},
	"none": {"None.", "ありません。"},
	"no.findings": {"No findings. The coverage lists what could be evaluated: data that was not read proves nothing.",
		"どのルールにも該当しませんでした。判定できた範囲は「網羅性」を参照してください。読めなかったものは何も証明しません。"},
	"story": {"What happened", "起きたこと"},
	"story.note": {"A window of time ends when nothing happens for %s. Each sentence ends with its proof and its records: proved means that Windows " +
		"wrote it as a by-product, recorded that a program reports it, inferred that it follows from several records.",
		"%s 何も起きなければ時間帯は終わります。各文の後に証明の種類とレコードを示します。証明は Windows が動作の副産物として書いたもの、記録はプログラムが述べるもの、推定は複数のレコードから導いたものです。"},
	"story.window": {"Window %d: %s – %s UTC", "時間帯 %d：%s 〜 %s UTC"},
	"story.core":   {"core %s – %s", "中心 %s 〜 %s"},
	"story.phases": {"Phases by tactic of ATT&CK. They overlap; acts that show no tactic are in none.",
		"ATT&CK の戦術別の段階。互いに重なります。戦術を示さない行為は含みません。"},
	"story.tactic": {"Tactic", "戦術"}, "story.span": {"Time", "時刻"}, "story.acts": {"Acts", "行為"}, "story.techniques": {"Techniques", "手法"},
	"story.rest":     {"Further acts: %d", "その他の行為：%d 件"},
	"story.isolated": {"Isolated acts: %d", "孤立した行為：%d 件"},
	"machine":        {"Machine", "対象マシン"},
	"machines":       {"Machines", "対象マシン"},
	"findings":       {"Findings", "検出事項"},
	"activity":       {"Activity", "活動"},
	"programs":       {"Programs over time", "プログラムの時系列"},
	"firstseen":      {"First seen", "初回確認"},
	"persistence":    {"Autostarts", "自動起動"},
	"attack":         {"ATT&CK", "ATT&CK"},
	"coverage":       {"Coverage and failures", "網羅性と失敗"},
	"timeline":       {"Timeline around the findings", "検出事項前後のタイムライン"},

	"logons": {"Log-ons", "ログオン"},
	"lg.sum": {"%d attempts, %d of them failed, by %d accounts, from %d other machines or addresses.",
		"試行 %d 件（うち失敗 %d 件）、アカウント %d 件、ほかのマシンまたはアドレス %d 件。"},
	"lg.sessions": {"Sessions", "セッション"},
	"lg.spans.desc": {"%d lanes: the sessions of one account on one machine. The table below has the same.",
		"%d 行：アカウントとマシンごとのセッション。下の表も同じ内容です。"},
	"lg.spans.note": {"One bar is one session, from its log-on to its end. A short pale bar has no recorded end. Service sessions are left out.",
		"1 本の棒が 1 セッション（ログオンから終了まで）です。短く淡い棒は終了の記録がありません。サービスのセッションは除いています。"},
	"lg.spans.left":  {"%d more accounts are in sessions.csv.", "ほかのアカウント %d 件は sessions.csv にあります。"},
	"lg.spans.table": {"Sessions as a table", "セッションの表"},
	"lg.seat":        {"at the machine or Remote Desktop", "対話型・リモートデスクトップ"},
	"lg.net":         {"network and other", "ネットワークなど"},
	"lg.admin":       {"administrator rights", "管理者権限"},
	"lg.open":        {"no recorded end", "終了の記録なし"},
	"lg.graph":       {"Who came from where", "接続元・アカウント・マシン"},
	"lg.graph.note": {"Squares are machines and addresses, circles accounts. The larger a mark, the higher its rank; the colour is the " +
		"level of the worst finding. Dashed lines are failures only.",
		"四角はマシンとアドレス、丸はアカウントです。印が大きいほど順位が高く、色は最も重い検出事項のレベルです。破線は失敗のみを示します。"},
	"lg.sources": {"sources", "接続元"}, "lg.accounts": {"accounts", "アカウント"}, "lg.machines": {"machines", "マシン"}, "lg.others": {"others", "件省略"},
	"lg.heat": {"When accounts were active", "アカウントの活動時間帯"},
	"lg.heat.note": {"Log-ons and attempts by weekday and hour (UTC), of ten accounts at most: those with findings first, then the most active.",
		"曜日・時間帯別 (UTC) のログオンと試行。最大 10 アカウントで、検出事項のあるもの、活動の多いものの順です。"},
	"lg.rare": {"Unusual log-ons", "普段と異なるログオン"},
	"lg.rare.note": {"The twenty combinations of source, machine and type that are rarest for their account. New ones weigh more. Rare is not bad.",
		"アカウントごとに最もまれな、接続元・マシン・種類の組み合わせ 20 件。新しいものほど高くなります。まれであることは不正を意味しません。"},
	"lg.rare.score": {"Rarity", "希少度"},
	"lg.table":      {"Log-ons by account, source and machine", "アカウント・接続元・マシン別のログオン"},
	"lg.table.note": {"Worst first. Accounts of machines and services are listed where they failed or a finding names them.",
		"重大な順です。マシンとサービスのアカウントは、失敗または検出事項がある場合だけ載せています。"},
	"lg.table.left": {"%d more are in logons.csv.", "ほかの %d 件は logons.csv にあります。"},
	"lg.level":      {"Level", "レベル"},
	"lg.account":    {"Account", "アカウント"},
	"lg.source":     {"Source", "接続元"},
	"lg.machine":    {"Machine", "マシン"},
	"lg.way":        {"Type", "種類"},
	"lg.ok":         {"Succeeded", "成功"},
	"lg.failed":     {"Failed", "失敗"},
	"lg.n":          {"Sessions", "セッション数"},
	"lg.n.open":     {"Without end", "終了なし"},
	"way.0":         {"system start", "システム起動"}, "way.2": {"at the machine", "対話型"}, "way.3": {"network", "ネットワーク"},
	"way.4": {"batch", "バッチ"}, "way.5": {"service", "サービス"}, "way.7": {"unlock", "ロック解除"},
	"way.8": {"network, clear-text password", "ネットワーク（平文パスワード）"}, "way.9": {"new credentials", "新しい資格情報"},
	"way.10": {"Remote Desktop", "リモートデスクトップ"}, "way.11": {"cached credentials", "キャッシュされた資格情報"},
	"way.12": {"cached, remote", "キャッシュ（リモート）"}, "way.13": {"cached, unlock", "キャッシュ（ロック解除）"},
	"way.logon": {"log-on", "ログオン"}, "way.ticket": {"Kerberos ticket", "Kerberos チケット"}, "way.validation": {"NTLM check", "NTLM 検証"},
	"way.explicit": {"explicit credentials", "明示的な資格情報"}, "way.rdp": {"Remote Desktop", "リモートデスクトップ"}, "way.smb": {"SMB", "SMB"},
	"way.winrm": {"WinRM", "WinRM"}, "way.ssh": {"SSH", "SSH"}, "way.sql": {"SQL Server", "SQL Server"}, "way.vpn": {"network policy server", "NPS"},
	"way.notice":  {"Winlogon", "Winlogon"},
	"lg.external": {"public address", "グローバルアドレス"},

	"at.glance":  {"At a glance", "概要"},
	"n.findings": {"%d findings", "検出事項 %d 件"},
	"n.events":   {"%d events", "イベント %d 件"},
	"n.programs": {"%d programs", "プログラム %d 件"},
	"n.autos":    {"%d autostarts", "自動起動 %d 件"},
	"n.failures": {"%d failures", "失敗 %d 件"},
	"n.local": {"%d events are in a local time without a zone: they are in the timeline output, not on this page.",
		"タイムゾーン不明の現地時刻のイベント %d 件は、このページではなくタイムライン出力にあります。"},
	"span": {"From %s to %s.", "%s から %s まで。"},

	"name":          {"Name", "名前"},
	"name.SYSTEM":   {"from its SYSTEM hive", "SYSTEM ハイブより"},
	"name.given":    {"given by the analyst", "分析者の指定"},
	"name.evidence": {"from the evidence; no SYSTEM hive has it", "証拠の名前（SYSTEM ハイブなし）"},
	"os":            {"Windows", "Windows"},
	"build":         {"build %s", "ビルド %s"},
	"root":          {"Windows folder", "Windows フォルダー"},
	"zone":          {"Time zone", "タイムゾーン"},
	"bias":          {"UTC%s in standard time", "標準時は UTC%s"},
	"controlset":    {"Control set", "コントロールセット"},
	"evidence":      {"Evidence", "証拠"},
	"unknown":       {"not known", "不明"},
	"users":         {"Users", "ユーザー"},
	"user":          {"User", "ユーザー"},
	"sid":           {"SID", "SID"},
	"profile":       {"Profile", "プロファイル"},
	"hives":         {"Registry hives", "レジストリハイブ"},
	"hive":          {"Hive", "ハイブ"},
	"hive.state":    {"Transaction logs", "トランザクションログ"},
	"hive.clean":    {"clean: the file is complete without its logs", "クリーン：ログなしで完全"},
	"hive.applied":  {"dirty; recovered with %d log entries, %d pages", "ダーティ：ログ %d エントリ、%d ページで復元"},
	"hive.dirty":    {"dirty and not recovered: its last changes are missing", "ダーティ、未復元：最後の変更が欠けています"},
	"hive.header":   {"its header was damaged and was taken from a log", "ヘッダーが壊れていたためログのものを使用"},
	"hive.backup":   {"an older copy", "古いコピー"},
	"log.used":      {"%s: used", "%s：使用"},
	"log.unused":    {"%s: not used", "%s：未使用"},
	"sha256":        {"SHA-256", "SHA-256"},
	"problems":      {"Could not be opened", "開けなかったもの"},

	"level.critical":      {"critical", "重大"},
	"level.high":          {"high", "高"},
	"level.medium":        {"medium", "中"},
	"level.low":           {"low", "低"},
	"level.informational": {"informational", "情報"},
	"proof.executed":      {"executed", "実行"},
	"proof.interacted":    {"interacted", "操作"},
	"proof.present":       {"present", "存在"},
	"proof.configured":    {"configured", "設定"},
	"status.evaluated":    {"evaluated", "判定済み"},
	"status.partly":       {"partly", "一部判定"},
	"status.not":          {"not evaluated", "未判定"},

	"rule.lang":     {"", "個々の対象についての理由と記録内容は原文（英語）のままです。"},
	"finding":       {"Finding", "検出事項"},
	"kind.program":  {"program", "プログラム"},
	"kind.account":  {"account", "アカウント"},
	"kind.setting":  {"setting", "設定"},
	"kind.activity": {"activity", "活動"},
	"seen.first":    {"First seen", "最初の痕跡"},
	"seen.last":     {"Last seen", "最後の痕跡"},
	"reasons":       {"Reasons", "理由"},
	"why":           {"Why it matters", "なぜ重要か"},
	"benign":        {"Often benign", "よくある正常な理由"},
	"next":          {"Next step", "次に確認すること"},
	"raised":        {"Raised one step: %s", "一段引き上げ：%s"},
	"ev.caption": {"Evidence. `artifactdump explain EVIDENCE ID` shows the bytes behind a row.",
		"証拠。`artifactdump explain EVIDENCE ID` で各行の元のバイト列を表示します。"},
	"ev.omitted":   {"%d more records about this subject are not listed.", "この対象に関する記録がほかに %d 件あり、ここには載せていません。"},
	"findings.low": {"%d findings of low level or for information", "低レベル・情報の検出事項 %d 件"},
	"findings.print": {"Printed are the %d worst findings with their first reasons. All findings, their evidence, programs, autostarts and the timeline are in the file.",
		"印刷されるのは重大な %d 件とその主な理由です。すべての検出事項、証拠、プログラム、自動起動、タイムラインはファイルにあります。"},
	"worst":    {"The worst findings", "最も重大な検出事項"},
	"silenced": {"%d hits were silenced by the user's rules.", "利用者のルールにより %d 件を除外しました。"},

	"time":     {"Time (UTC)", "時刻 (UTC)"},
	"meaning":  {"What the time means", "時刻の意味"},
	"proves":   {"Proves", "証明"},
	"artifact": {"Artifact", "アーティファクト"},
	"says":     {"Content", "記録内容"},
	"id":       {"ID", "ID"},
	"rule":     {"Rule", "ルール"},

	"hist.desc":       {"Stacked bars, one for each %s. The highest is at %s with %d events. %d periods without events are cut out. The table below has all numbers.", "%s ごとの積み上げ棒。最大は %s の %d 件。痕跡のない区間 %d か所を省略。数値は下の表にあります。"},
	"hist":            {"Activity over time", "時間ごとの活動"},
	"close":           {"Activity by the hour", "1 時間ごとの活動"},
	"hist.close":      {"The days of the worst findings, by the hour", "重大な検出事項の前後（1 時間ごと）"},
	"hist.close.note": {"Hours around the starts behind critical and high findings, as many as there is room for. Hatched: other hours, not drawn here.", "重大・高レベルの検出事項に関わる実行の前後を、収まる範囲で示します。斜線はここに描いていない時間です。"},
	"hist.hours":      {"%d h", "%d 時間"},
	"hist.days":       {"%d d", "%d 日"},
	"hist.note":       {"One column is %s. Heights are square roots, so that a single start stays visible. Hatched: periods without events. Triangles: findings.", "1 列は %s。高さは平方根です。斜線は痕跡のない期間、三角は検出事項です。"},
	"hist.outside": {"%d events before and %d after are not drawn: none of them shows a start or a use.",
		"範囲より前の %d 件と後の %d 件は描いていません（実行や操作を示すものはありません）。"},
	"hist.foreign": {"%d times of files and volumes themselves are not counted as activity.", "ファイルやボリューム自体の時刻 %d 件は活動に数えていません。"},
	"hist.none":    {"No times to draw.", "描画する時刻がありません。"},
	"hist.table":   {"The histogram as a table", "ヒストグラムの表"},
	"hist.from":    {"From", "開始"},
	"hist.gaps":    {"Periods without events", "痕跡のない期間"},
	"hist.gap":     {"%s to %s: nothing for %s", "%s から %s：%s の空白"},
	"layer.ran":    {"a program ran", "プログラムの実行"},
	"layer.used":   {"user actions", "ユーザーの操作"},
	"layer.traced": {"other events: files, settings", "その他の痕跡（ファイル、設定）"},
	"lanes.title":  {"Programs over time", "プログラムの時系列"},
	"lanes.desc":   {"One line for each of %d programs: those with findings first, then the most recently first seen. The table below has their first and last events.", "%d 個のプログラムを 1 行ずつ表示。検出事項のあるもの、次に新しく現れたものの順。最初と最後の痕跡は下の表にあります。"},
	"lanes.note":   {"Filled: the program ran. Hollow: it was only seen. Marks that would touch are one. The axis is that of the last chart above: what lies outside is in the table.", "塗りつぶし：実行。白抜き：存在のみ。重なる印は一つにまとめています。横軸は上の最後の図と同じで、範囲外は表にあります。"},
	"lanes.left":   {"%d more programs have no line here.", "ほかに %d 個のプログラムがあります。"},
	"lanes.table":  {"The lanes as a table", "時系列の表"},
	"program":      {"Program", "プログラム"},
	"n.ran":        {"Ran", "実行"},
	"n.seen":       {"Only seen", "存在のみ"},
	"first.note":   {"The first event of each program, newest first. A first event is not the first start: older ones may be gone. Times of files do not count.", "各プログラムの最初の痕跡（新しい順）。最初の痕跡は初回実行とは限りません。ファイル自体の時刻は含みません。"},
	"first.left":   {"%d older programs are not listed.", "ほかに古いプログラム %d 件は載せていません。"},
	"unlisted": {"%d events belong to programs over the limit and were not counted one by one.",
		"上限を超えたプログラムのイベント %d 件は個別に数えていません。"},
	"pers.note":   {"Everything the evidence says starts without anybody starting it; those with findings first. Written is the time of the key or file that holds the setting.", "証拠に残る自動起動の設定（検出事項のあるものが先頭）。更新時刻は設定を持つキーまたはファイルのものです。"},
	"pers.left":   {"%d more are not listed.", "ほかに %d 件は載せていません。"},
	"mechanism":   {"Mechanism", "方法"},
	"who":         {"For whom", "対象者"},
	"command":     {"Command", "コマンド"},
	"written":     {"Written (UTC)", "更新 (UTC)"},
	"attack.note": {"Techniques that findings name, by tactic. Numbers are findings.", "検出事項が示す手法（戦術別）。数字は検出事項の番号です。"},
	"attack.credit": {"ATT&CK is a work of The MITRE Corporation, used with its permission.",
		"ATT&CK は The MITRE Corporation の著作物であり、許諾のもとで使用しています。"},
	"attack.none": {"No finding names a technique.", "手法を示す検出事項はありません。"},
	"tactic.none": {"no tactic", "戦術なし"},

	"cov.rules": {"Rules", "ルール"},
	"cov.rules.note": {"%d evaluated, %d partly, %d not. Rules that were not evaluated prove nothing.",
		"判定済み %d、一部 %d、未判定 %d。未判定は「問題なし」ではありません。"},
	"cov.none":      {"No rules were run.", "ルールは実行していません。"},
	"cov.artifacts": {"Artifacts", "アーティファクト"},
	"cov.sources":   {"Sources", "ソース"},
	"cov.records":   {"Records", "記録"},
	"cov.errors":    {"Failures", "失敗"},
	"cov.empty":     {"Without any source: ", "ソースなし："},
	"cov.failures":  {"What could not be read", "読めなかったもの"},
	"cov.failed":    {"%d parts of the evidence could not be read or were damaged. The first %d:", "証拠の %d か所が読めないか壊れています。最初の %d 件："},
	"cov.notes":     {"Notes", "注記"},
	"cov.noted":     {"%d notes. The first %d:", "注記 %d 件。最初の %d 件："},
	"status":        {"Status", "状態"},
	"hits":          {"Hits", "該当"},
	"reason":        {"Reason", "理由"},

	"tl.note":    {"Events within %s of the moments of findings (informational ones aside), in order. A bold row with a number is evidence of that finding; the others are only near in time.", "検出事項（情報レベルを除く）の時点から前後 %s のイベント（時刻順）。番号のある太字の行はその検出事項の証拠です。ほかの行は時刻が近いだけです。"},
	"tl.minutes": {"%g minutes", "%g 分"},
	"tl.left": {"%d more events lie in these windows and are not listed: those around the worst findings, and the closest, are here.",
		"この範囲のほかのイベント %d 件は載せていません（重大な検出事項に近いものを優先）。"},
	"tl.none":   {"No events around findings.", "検出事項前後のイベントはありません。"},
	"tl.filter": {"Filter the timeline", "タイムラインの絞り込み"},
	"tl.text":   {"Text in the row", "行内の文字列"},
	"tl.kind":   {"What the time means", "時刻の意味"},
	"tl.all":    {"all", "すべて"},
	"tl.proof":  {"Proves", "証明"},
	"tl.reset":  {"Show all", "すべて表示"},
	"tl.shown":  {"rows shown: ", "表示中の行数："},
	"tl.event":  {"Event", "イベント"},
	"tl.near":   {"Finding", "検出事項"},
	"footer": {"Written by %s. The page makes no request and has no clock: the same evidence gives the same page.",
		"作成：%s。このページは外部に接続せず、現在時刻を含みません。同じ証拠からは同じページになります。"},
	"n.machines":     {"%d machines", "マシン %d 台"},
	"acquired":       {"Acquired", "取得"},
	"acquired.after": {"not before", "次の時刻より後："},
	"acquired.tool":  {"collection tool:", "収集ツール："},
	"boot":           {"Last start of Windows", "最後の起動"},
	"shutdown":       {"Last shutdown", "最後のシャットダウン"},
	"span.prefetch":  {"Covered by Prefetch", "Prefetch の範囲"},
	"span.logs":      {"Covered by event logs", "イベントログの範囲"},
	"os.inferred":    {"inferred from Prefetch format %d", "Prefetch の形式 %d から推定"},
	"zone.local":     {"local times:", "現地時刻："},
	"missing":        {"The evidence lacks:", "証拠にないもの："},
	"missing.of":     {"The evidence of the first machine lacks:", "最初のマシンの証拠にないもの："},

	"missing.SYSTEM": {"the SYSTEM hive", "SYSTEM ハイブ"}, "missing.SOFTWARE": {"the SOFTWARE hive", "SOFTWARE ハイブ"},
	"missing.NTUSER": {"users' hives (NTUSER.DAT)", "ユーザーのハイブ (NTUSER.DAT)"}, "missing.AMCACHE": {"the Amcache hive", "Amcache ハイブ"},
	"missing.prefetch": {"Prefetch files", "Prefetch ファイル"}, "missing.eventlogs": {"event logs", "イベントログ"}, "missing.mft": {"the file table ($MFT)", "ファイルテーブル ($MFT)"},

	"minutes": {"The worst window, minute by minute", "最も重大な時間帯（分単位）"},
	"minutes.note": {"From %s to %s. One column is %d min. Heights are square roots.",
		"%s から %s まで。1 列は %d 分、高さは平方根です。"},
	"minutes.desc": {"At most %d events in a column, at %s.", "1 列の最大は %d 件（%s）。"},
	"heat":         {"Activity by weekday and hour", "曜日・時間帯別の活動"},
	"heat.local": {"Programs that ran and what users did, in the machine's standard time (UTC%s).",
		"プログラムの実行とユーザーの操作（マシンの標準時、UTC%s）。"},
	"heat.utc": {"Programs that ran and what users did, in UTC: the machine's zone is not known.",
		"プログラムの実行とユーザーの操作（UTC、マシンのタイムゾーンは不明）。"},
	"day.0": {"Mon", "月"}, "day.1": {"Tue", "火"}, "day.2": {"Wed", "水"}, "day.3": {"Thu", "木"}, "day.4": {"Fri", "金"}, "day.5": {"Sat", "土"},
	"day.6": {"Sun", "日"},

	"window":      {"Incident window %s to %s", "インシデント時間帯 %s ～ %s"},
	"window.none": {"At other times", "その他の時刻"},
	"strip":       {"Two minutes before and after %s: %d rows of this finding (bold), %d others", "%s の前後 2 分：この検出事項の行 %d 件（太線）、ほか %d 件"},

	"marks":      {"Marks of the analyst", "分析者のマーク"},
	"marks.note": {"What an analyst said of these rows; nothing here was decided by rule.", "分析者による判断です。ルールによるものではありません。"},
	"mark":       {"Mark", "マーク"}, "mark.benign": {"benign", "無害"}, "mark.suspicious": {"suspicious", "不審"}, "mark.malicious": {"malicious", "悪性"},
	"mark.action": {"action", "要対応"}, "mark.question": {"question", "要確認"},
	"mark.unknown": {"no row, record or finding here has this id", "この ID の行・記録・検出事項はありません"},

	"index":        {"Case index", "案件の索引"},
	"index.none":   {"no findings of level medium or above", "中以上の検出事項なし"},
	"index.shared": {"On several machines", "複数のマシン"},
	"index.shared.n": {"Subjects of findings of level medium and above that more than one machine has, by the machine that had each first.",
		"複数のマシンにある、中以上の検出事項の対象（最初に現れたマシン順）。"},
	"index.chains":   {"From machine to machine", "マシンからマシンへ"},
	"index.chains.n": {"Ways through machines that their logs show together: each step was made in the session that the one before it opened (E-90).", "複数のマシンのログを合わせて分かる経路。各段階は、その前の段階が開いたセッションの中で行われました (E-90)。"},
	"index.chain":    {"Way", "経路"},
	"index.hops":     {"Steps", "段階"},
	"index.rare":     {"On one machine alone", "1 台だけ"},
	"index.rare.n":   {"Subjects of critical and high findings that only one machine has.", "1 台だけにある、重大・高の検出事項の対象。"},
	"index.first":    {"First on", "最初"},
	"index.on":       {"Machines", "台数"},
	"index.subject":  {"Subject", "対象"},
	"index.left":     {"%d more are not listed.", "ほかに %d 件は載せていません。"},
	"index.intro": {"Each machine has a report of its own. A finding is a reason to review, not a verdict. All times are UTC.",
		"マシンごとにレポートがあります。検出事項は調べる理由であり、判定ではありません。時刻はすべて UTC です。"},

	"case.id":       {"Case", "案件"},
	"case.examiner": {"Examiner", "担当者"},
	"case.note":     {"Note", "備考"},
	"case.inputs": {"SHA-256 of the hashes and paths of the %d files read (manifest.json, inputs_sha256):",
		"読み取ったファイル %d 件のハッシュとパスの SHA-256（manifest.json の inputs_sha256）："},
	"cut": {"… (%d characters in all)", "…（全 %d 文字）"},

	"tactic.reconnaissance": {"Reconnaissance", "偵察"}, "tactic.resource-development": {"Resource development", "リソース開発"},
	"tactic.initial-access": {"Initial access", "初期アクセス"}, "tactic.execution": {"Execution", "実行"},
	"tactic.persistence": {"Persistence", "永続化"}, "tactic.privilege-escalation": {"Privilege escalation", "権限昇格"},
	"tactic.defense-evasion": {"Defense evasion", "防御回避"}, "tactic.credential-access": {"Credential access", "認証情報アクセス"},
	"tactic.discovery": {"Discovery", "探索"}, "tactic.lateral-movement": {"Lateral movement", "水平展開"},
	"tactic.collection": {"Collection", "収集"}, "tactic.command-and-control": {"Command and control", "C&C"},
	"tactic.exfiltration": {"Exfiltration", "持ち出し"}, "tactic.impact": {"Impact", "影響"},

	// Findings as text for reading.
	"text.host": {"# host %s, times are UTC", "# 端末 %s、時刻は UTC"},
	"text.none": {"No findings of level %s or above. That does not prove a clean machine: see what was not evaluated.",
		"水準「%s」以上の検出事項はありません。安全の証明ではありません。判定できなかったものを確認してください。"},
	"text.shown":        {"%s of level %s or above", "検出事項 %s（水準「%s」以上）"},
	"text.stop":         {".", "。"},
	"text.more":         {"; details: --long, or the id of a finding after EVIDENCE.", "。詳細は --long、または EVIDENCE の後に検出事項の ID。"},
	"text.hidden":       {"%d below that level not shown (--level informational shows all).", "これより低い %d 件は省略しました（--level informational ですべて表示）。"},
	"text.silenced":     {"%s silenced by the rules file.", "ルールファイルにより %s を除外しました。"},
	"text.known":        {"%s on a list of known files; hits on their location: %d one level lower, %d informational ones left out.", "既知のファイルの一覧にあるプログラム %s。場所による検出のうち %d 件は水準を一つ下げ、「情報」の %d 件は省きました。"},
	"text.limit":        {"Limit: %s.", "上限：%s。"},
	"text.score":        {"score %d", "スコア %d"},
	"text.reason":       {"%s: %s", "%s：%s"},
	"text.span":         {"%s to %s (%s)", "%s 〜 %s（%s）"},
	"text.records":      {"… and %d records more (--format jsonl)", "… ほか %d 件のレコード（--format jsonl）"},
	"text.of":           {" of %s", "（%s）"},
	"text.coverage":     {"Coverage%s: %d of %d rules evaluated, %d in part (--coverage lists them).", "網羅性%s：%[3]d 件中 %[2]d 件のルールを判定、一部だけ判定 %[4]d 件（--coverage で一覧）。"},
	"text.nohive":       {"%d of %d rules could not be evaluated: no %s hive.", "%[2]d 件中 %[1]d 件のルールは判定できませんでした：%[3]s ハイブがありません。"},
	"text.not":          {"%d of %d rules could not be evaluated.", "%[2]d 件中 %[1]d 件のルールは判定できませんでした。"},
	"text.coverageof":   {"Coverage of %s", "網羅性：%s"},
	"text.evidence.all": {"the evidence", "証拠"},

	"text.finding": {"finding", "検出事項"}, "text.because": {"because", "理由"}, "text.raised": {"raised", "水準の引上げ"},
	"text.seen": {"seen", "時刻"}, "text.file": {"file", "ファイル"}, "text.scope": {"scope", "範囲"}, "text.why": {"why", "意味"},
	"text.often benign:": {"often benign:", "正常な例"}, "text.next": {"next", "次の手順"}, "text.ATT&CK": {"ATT&CK", "ATT&CK"},
	"text.evidence":  {"evidence", "証拠"},
	"text.evaluated": {"evaluated", "判定済み"}, "text.partly": {"partly", "一部判定"}, "text.not evaluated": {"not evaluated", "判定不可"},
}

// Languages are the languages that Write knows.
func Languages() []string { return []string{"en", "ja"} }

// A translate function gives a phrase in the page's language.
type translate struct{ lang string }

func translator(lang string) (translate, bool) {
	return translate{lang}, slices.Contains(Languages(), lang)
}

// text gives the phrase with its arguments. A key that is not in the table
// shows itself: a test finds it.
func (tr translate) text(key string, args ...any) string {
	t, ok := texts[key]
	if !ok {
		return "[" + key + "]"
	}
	s := t.en
	if tr.lang == "ja" {
		s = t.ja
	}
	if len(args) == 0 {
		return s
	}
	return fmt.Sprintf(s, args...)
}

// word returns a text of the page in the language, or the key itself if it is unknown.
// count writes a number with its noun, which has a plural in English only.
func (tr translate) count(n int, word, counter string) string {
	if tr.lang == "ja" {
		return fmt.Sprintf("%d %s", n, counter)
	}
	return plural(n, word)
}

func (tr translate) word(family, w string) string {
	if t, ok := texts[family+"."+w]; ok {
		if tr.lang == "ja" {
			return t.ja
		}
		return t.en
	}
	return clean(w)
}
