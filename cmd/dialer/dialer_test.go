package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"powerline/cmd/operator"
	"powerline/cmd/operator/operatortest"
	"powerline/internal/config"
	"powerline/internal/postgres"
	"powerline/internal/roster"
	"powerline/internal/stack"
	"powerline/internal/stack/stacktest"
)

func command(t *testing.T, in string, args ...string) operatortest.Result {
	t.Helper()
	return operatortest.Run(t, "dialer", newRoot, in, args...)
}

const staff = `id,name,gender,officer,counsellor,senior,languages,categories,outbound,active,secret,pin
a001,Asha Devi,woman,no,yes,no,hi,crisis phone,feedback,yes,phone-secret-1,1234
a002,Usha Rani,woman,no,no,yes,hi,phone,feedback,yes,phone-secret-2,2345
b001,Ram Singh,man,yes,no,no,hi,,offender ffr,yes,phone-secret-3,3456
c001,Sita Kumari,woman,no,no,no,hi,phone,,no,,
`

// house is a helpline's database with people in it.
type house struct {
	*stack.Stack
	cfg string
	db  *postgres.DB
}

func open(t *testing.T, o stack.Options, change func(*config.Config)) *house {
	t.Helper()
	s := stacktest.Start(t, o)
	h := &house{Stack: s}
	keys := t.TempDir()
	h.cfg = operatortest.Installation(t, s, func(c *config.Config) {
		c.Privacy.SealKeyFile = operatortest.Write(t, keys, "seal", strings.Repeat("a5", 32), 0o600)
		if change != nil {
			change(c)
		}
	})
	c, err := config.Load(h.cfg)
	if err != nil {
		t.Fatal(err)
	}
	if h.db, err = postgres.Open(t.Context(), s.Postgres.URL, postgres.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.db.Close)
	if err := h.db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	known := roster.Known{Languages: c.Prompts.Languages, Categories: []string{"crisis", "phone"}}
	entries, err := roster.Parse("staff", strings.NewReader(staff), known)
	if err != nil {
		t.Fatal(err)
	}
	merged, err := roster.Merge(nil, entries, c.Asterisk.SIP.Realm)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.db.ImportRoster(t.Context(), merged.Write); err != nil {
		t.Fatal(err)
	}
	return h
}

func openDatabase(t *testing.T) *house {
	t.Helper()
	return open(t, stack.Options{Only: []string{stack.NamePostgres}, FastPostgres: true}, nil)
}

// run is a command on this house; whatever it says, it says nothing private.
func (h *house) run(t *testing.T, in string, args ...string) operatortest.Result {
	t.Helper()
	return command(t, in, append(args, "-c", h.cfg)...).Never(t, canaries...)
}

// What no command may ever say.
var canaries = []string{
	"Chandravati", "Lankesh", "Mandodari", "Ashok Vatika", "peacock", "kettle", "Priyamvada", "college gate",
	"9812345670", "9812345671", "9823456781", "9834567892", "98123", "98234", "98345",
}

// complaints has them all. Only the first case has an offender.
const complaints = `ref,registered,taker,district,category,account,victim_name,victim_numbers,victim_address,may_call,windows,code_word,duress_word,ask_for,offender_name,offender_numbers,track,agrees,contact1_name,contact1_numbers,contact1_approved
K-1,2026-01-05 11:00,a001,Lucknow,phone,he waits at the college gate,Sita Chandravati,9812345670,12 Ashok Vatika,yes,daily 14:00-16:00,peacock feather,kettle boils,Priyamvada,Ravan Lankesh,09823456781,counsellable,yes,Mandodari,9834567892,yes
K-2,2026-01-05 12:00,,Agra,stalking,,Gita Chandravati,9812345671,,no,,,,,,,police,no,,,
`

func (h *house) importCases(t *testing.T) imported {
	t.Helper()
	file := operatortest.Write(t, t.TempDir(), "complaints.csv", complaints, 0o600)
	var done imported
	decode(t, h.run(t, "", "cases", "import", file, "--by", "a002", "--json").Want(t, operator.ExitOK), &done)
	if done.Registered != 2 || len(done.Cases) != 2 {
		t.Fatalf("%+v", done)
	}
	return done
}

// spoil does to the database what nobody should.
func (h *house) spoil(t *testing.T, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), h.Postgres.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), sql, pgx.QueryExecModeSimpleProtocol); err != nil {
		t.Fatal(err)
	}
}

func decode(t *testing.T, r operatortest.Result, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(r.Out), into); err != nil {
		t.Fatalf("%v in %s", err, r.Out)
	}
}

func TestEveryCommandExplainsItselfWithExamples(t *testing.T) {
	operatortest.EveryCommandExplainsItself(t, newRoot(&operator.Invocation{}))
}

func TestGivenShells_WhenCompletionIsAsked_ThenCommandsAreOffered(t *testing.T) {
	command(t, "", "__complete", "").Want(t, operator.ExitOK, "cases", "check", "simulate", "stations", "tokens", "audit", "tasks")
	command(t, "", "__complete", "cases", "").Want(t, operator.ExitOK, "import", "list", "show", "history", "template")
}

func TestGivenAFileOfCases_WhenImported_ThenTheyStandWhereTheyShouldAndNobodyIsNamed(t *testing.T) {
	h := openDatabase(t)
	file := operatortest.Write(t, t.TempDir(), "complaints.csv", complaints, 0o600)
	h.run(t, "", "cases", "list").Want(t, operator.ExitOK, "no such case")
	h.run(t, "", "cases", "import", file, "--by", "a002", "--dry-run").Want(t, operator.ExitOK, "nothing was changed; the import would be: 2 registered, 0 were")
	h.run(t, "", "cases", "list").Want(t, operator.ExitOK, "no such case")
	h.run(t, "", "cases", "import", file, "--by", "a002").Want(t, operator.ExitOK, "imported: 2 registered, 0 were", "counsel-due", "station-open")
	h.run(t, complaints, "cases", "import", "-", "--format", "csv", "--by", "a002").Want(t, operator.ExitOK, "imported: 0 registered, 2 were registered before")
	h.run(t, "", "cases", "import", file, "--by", "a002", "--dry-run").Want(t, operator.ExitOK, "would be: 0 registered, 2 were")

	var views []caseView
	decode(t, h.run(t, "", "cases", "list", "--json").Want(t, operator.ExitOK), &views)
	if len(views) != 2 {
		t.Fatalf("%+v", views)
	}
	for _, v := range views {
		if len(v.Next) != 1 || !postgres.ValidDocket(v.Docket) {
			t.Errorf("%+v", v)
		}
	}
	h.run(t, "", "cases", "list", "--state", "counsel-due", "--open", "--district", "lucknow").Want(t, operator.ExitOK, "Lucknow", "call: offender").Never(t, "Agra")
	h.run(t, "", "cases", "list", "--docket", views[0].Docket).Want(t, operator.ExitOK, views[0].Case).Never(t, views[1].Case)
	h.run(t, "", "cases", "list", "--concern").Want(t, operator.ExitOK, "no such case")
	h.run(t, "", "cases", "list", "--limit", "1", "--after", views[0].Case).Want(t, operator.ExitOK, views[1].Case).Never(t, views[0].Case)
}

func TestGivenACase_WhenShown_ThenItSaysWhatComesNextAndWhyNotNow(t *testing.T) {
	h := openDatabase(t)
	done := h.importCases(t)
	first := done.Cases[0]
	for _, name := range []string{first.Case, first.Docket} {
		h.run(t, "", "cases", "show", name).Want(t, operator.ExitOK, first.Case, first.Docket, "counsel-due, since 2026-01-05 11:00", "call: offender", "task t", "Lucknow").
			Never(t, "14:00-16:00")
		h.run(t, "", "cases", "history", name).Want(t, operator.ExitOK, "filed", "T1 T3", "2026-01-05 11:00", "a001", "open")
	}
	var shown struct {
		caseView
		Tasks []dueTask `json:"tasks"`
	}
	decode(t, h.run(t, "", "cases", "show", first.Case, "--json").Want(t, operator.ExitOK), &shown)
	if shown.Docket != first.Docket || len(shown.Tasks) != 1 || shown.Tasks[0].Kind != "offender" || shown.Next[0].Task != shown.Tasks[0].Task {
		t.Errorf("%+v", shown)
	}
	var history []eventView
	decode(t, h.run(t, "", "cases", "history", done.Cases[1].Docket, "--json").Want(t, operator.ExitOK), &history)
	if len(history) != 1 || history[0].By != "a002" || history[0].To != "station-open" || len(history[0].Effects) == 0 {
		t.Errorf("whom --by names has registered it: %+v", history)
	}
	h.run(t, "", "cases", "show", "nonsense").Want(t, operator.ExitFailed, `no case "nonsense"`, "dialer cases list")
	h.run(t, "", "cases", "show", "100000009").Want(t, operator.ExitFailed, "no case has the complaint number")
	h.run(t, "", "cases", "history", "nonsense").Want(t, operator.ExitFailed, "no case")
	for _, args := range [][]string{{"--state", "watching"}, {"--district", "Paris"}, {"--docket", "123456789"}, {"--limit", "0"}} {
		h.run(t, "", append([]string{"cases", "list"}, args...)...).Want(t, operator.ExitFailed, args[0]+": ")
	}
}

func TestGivenAFileWithMistakes_WhenImported_ThenEachIsNamedAndNoCaseIsTaken(t *testing.T) {
	h := openDatabase(t)
	bad := strings.NewReplacer("Lucknow", "Paris", "K-2,2026-01-05 12:00,,", "K-2,2026-01-05 12:00,b001,").Replace(complaints)
	h.run(t, bad, "cases", "import", "-", "--format", "csv").
		Want(t, operator.ExitFindings, "line 2: district: no district", "line 3: taker: no woman who works here", "refused: no case of the file was taken")
	var said struct {
		Refused []struct {
			Line          int
			Field, Reason string
		}
	}
	decode(t, h.run(t, bad, "cases", "import", "-", "--format", "csv", "--json").Want(t, operator.ExitFindings), &said)
	if len(said.Refused) != 2 || said.Refused[0].Line != 2 || said.Refused[0].Field != "district" || said.Refused[1].Reason == "" {
		t.Errorf("%+v", said)
	}
	h.run(t, complaints, "cases", "import", "-", "--format", "csv").Want(t, operator.ExitFindings, "line 3: taker: is missing")
	h.run(t, complaints, "cases", "import", "-", "--format", "csv", "--dry-run").Want(t, operator.ExitFindings, "line 3: taker: is missing")
	h.run(t, `[{"ref": "K-1", "victim_name": "Chandravati"`, "cases", "import", "-", "--format", "json", "--by", "a001").Want(t, operator.ExitFindings, "line 1: not JSON from here on")
	h.run(t, "", "cases", "list").Want(t, operator.ExitOK, "no such case")

	h.run(t, complaints, "cases", "import", "-").Want(t, operator.ExitFailed, "--format csv or --format json")
	h.run(t, "", "cases", "import", "complaints.xlsx").Want(t, operator.ExitFailed, "--format csv or --format json")
	h.run(t, "", "cases", "import", "/nowhere/complaints.csv").Want(t, operator.ExitFailed, "open the file")
	for _, by := range []string{"b001", "c001", "nobody"} { // a man, who left, who never was
		h.run(t, complaints, "cases", "import", "-", "--format", "csv", "--by", by).Want(t, operator.ExitFailed, "--by: no woman who works here")
	}
}

func TestGivenTheExample_WhenImportedAsItIs_ThenItIsRefusedForItsTakerAlone(t *testing.T) {
	h := openDatabase(t)
	for _, format := range []string{"csv", "json"} {
		text := command(t, "", "cases", "template", "--format", format).Want(t, operator.ExitOK, "nobody-yet").Out
		r := h.run(t, text, "cases", "import", "-", "--format", format).Want(t, operator.ExitFindings, "taker: no woman who works here")
		if strings.Count(r.Out, "line ") != strings.Count(r.Out, ": taker: ") {
			t.Errorf("the example has other mistakes:\n%s", r.Out)
		}
		h.run(t, strings.ReplaceAll(text, "nobody-yet", "a001"), "cases", "import", "-", "--format", format, "--dry-run").Want(t, operator.ExitOK, "would be:")
	}
	command(t, "", "cases", "template", "--format", "xml").Want(t, operator.ExitFailed, "csv or json")
}

func TestGivenATask_WhenSetAsideAndTakenBack_ThenOthersSeeIt(t *testing.T) {
	h := openDatabase(t)
	done := h.importCases(t)
	var due []dueTask
	decode(t, h.run(t, "", "due", "--json").Want(t, operator.ExitOK), &due)
	if len(due) != 1 || due[0].Kind != "offender" {
		t.Fatalf("%+v", due)
	}
	task := string(due[0].Task)
	h.run(t, "", "tasks", "set-aside", task).Want(t, operator.ExitFailed, "--reason: want a word")
	command(t, "", "tasks", "set-aside", task, "--reason", "she is at +91 98123-45670 now", "-c", h.cfg).Want(t, operator.ExitFailed, "without names or numbers")
	h.run(t, "", "tasks", "set-aside", task, "--reason", "district-asked-to-wait").Want(t, operator.ExitOK, "set aside")
	h.run(t, "", "explain", task).Want(t, operator.ExitFindings, "set-aside", "district-asked-to-wait")
	h.run(t, "", "cases", "list", "--stuck").Want(t, operator.ExitOK, done.Cases[0].Case).Never(t, done.Cases[1].Case)
	h.run(t, "", "cases", "show", done.Cases[0].Case).Want(t, operator.ExitFindings, "not now: set-aside")
	h.run(t, "", "tasks", "take-back", task).Want(t, operator.ExitOK, "among the others again")
	h.run(t, "", "tasks", "take-back", task).Want(t, operator.ExitFailed, "no task")
	h.run(t, "", "tasks", "set-aside", "t0", "--reason", "test").Want(t, operator.ExitFailed, `no task "t0"`)
	h.run(t, "", "cases", "list", "--stuck").Want(t, operator.ExitOK, "no such case")
	h.run(t, "", "audit", "list").Want(t, operator.ExitOK, "task-set-aside", "task-taken-back", "operator")

	h.run(t, "", "pause", "offender").Want(t, operator.ExitFailed, "--reason: want a word")
	h.run(t, "", "pause", "offender", "--reason", "trunk-is-tested").Want(t, operator.ExitOK, "offender: paused")
	h.run(t, "", "explain", task).Want(t, operator.ExitFindings, "paused")
	h.run(t, "", "resume", "offender").Want(t, operator.ExitOK, "goes on")
}

func TestGivenADirectoryOfStations_WhenImported_ThenItIsListedAndCasesAreHeldToIt(t *testing.T) {
	h := openDatabase(t)
	const stations = "id,district,name,active\nlko-hazratganj,Lucknow,Hazratganj,yes\nagra-kotwali,Agra,Kotwali,\n"
	h.run(t, stations, "stations", "import", "-", "--dry-run").Want(t, operator.ExitOK, "nothing was changed", "2 added")
	h.run(t, "", "stations", "list").Want(t, operator.ExitOK, "no station")
	h.run(t, stations, "stations", "import", "-").Want(t, operator.ExitOK, "imported: 2 added, 0 changed, 0 unchanged")
	h.run(t, strings.Replace(stations, "Kotwali,", "Kotwali,no", 1), "stations", "import", "-").Want(t, operator.ExitOK, "0 added, 1 changed, 1 unchanged")
	h.run(t, "", "stations", "list").Want(t, operator.ExitOK, "lko-hazratganj", "Kotwali", "closed")
	var views []stationView
	decode(t, h.run(t, "", "stations", "list", "--district", "agra", "--json").Want(t, operator.ExitOK), &views)
	if len(views) != 1 || views[0].Active || views[0].Name != "Kotwali" {
		t.Errorf("%+v", views)
	}
	h.run(t, "id,district,name\nlko-hazratganj,Agra,Hazratganj\nnew,Agra,Kotwali\n", "stations", "import", "-").
		Want(t, operator.ExitFindings, "line 2: district: the directory has this station in Lucknow", "refused: no station of the file was taken")
	h.run(t, "id,district,name\nnew,Agra,Kotwali\n", "stations", "import", "-", "--json").Want(t, operator.ExitFindings, `"line": 2`, `"field": "name"`)
	h.run(t, "", "stations", "list", "--district", "Paris").Want(t, operator.ExitFailed, "--district: ")
	h.run(t, "", "stations", "list", "--json").Want(t, operator.ExitOK).Never(t, `"new"`)

	withStation := strings.NewReplacer("district,", "district,station,", "Lucknow,", "Lucknow,agra-kotwali,", "Agra,", "Agra,agra-kotwali,").Replace(complaints)
	h.run(t, withStation, "cases", "import", "-", "--format", "csv", "--by", "a001").Want(t, operator.ExitFindings, "line 2: station: it belongs to another district")
	h.run(t, strings.Replace(withStation, "Lucknow,agra-kotwali", "Lucknow,lko-hazratganj", 1), "cases", "import", "-", "--format", "csv", "--by", "a001").
		Want(t, operator.ExitOK, "2 registered")
}

func TestGivenATokenIsMinted_WhenListedAndRevoked_ThenItsSecretWasShownOnce(t *testing.T) {
	h := openDatabase(t)
	minted := h.run(t, "", "tokens", "mint", "--access", "service", "--label", "case system", "--days", "90").Want(t, operator.ExitOK, "shown this once")
	secret := strings.TrimSpace(minted.Out)
	token, err := h.db.CheckToken(t.Context(), secret, time.Now())
	if err != nil || token.Access != postgres.AccessService || strings.Contains(minted.Err, secret) {
		t.Fatalf("standard output is the secret and nothing else: %v, %q", err, minted.Out)
	}
	var both struct{ ID, Secret string }
	decode(t, h.run(t, "", "tokens", "mint", "--access", "supervisor", "--agent", "a002", "--label", "desk 3", "--json").Want(t, operator.ExitOK), &both)
	if token, err := h.db.CheckToken(t.Context(), both.Secret, time.Now()); err != nil || token.Agent != "a002" || token.ID != both.ID {
		t.Errorf("%+v, %v", token, err)
	}
	h.run(t, "", "tokens", "list").Want(t, operator.ExitOK, token.ID, "case system", "a002", "good until").Never(t, secret, both.Secret, secret[4:])
	h.run(t, "", "tokens", "revoke", token.ID).Want(t, operator.ExitOK, "revoked")
	if _, err := h.db.CheckToken(t.Context(), secret, time.Now()); err == nil {
		t.Error("a revoked token is good")
	}
	h.run(t, "", "tokens", "list", "--json").Want(t, operator.ExitOK, `"revoked"`).Never(t, secret, both.Secret)
	h.run(t, "", "tokens", "revoke", "knone").Want(t, operator.ExitFailed, `no token "knone"`)
	h.run(t, "", "audit", "list", "--json").Want(t, operator.ExitOK, "token-minted", "token-revoked").Never(t, secret, both.Secret)
	for _, wrong := range []struct{ flag, args string }{
		{"--access", "--access queen --label x"}, {"--label", "--access service"}, {"--agent", "--access agent --label x"},
		{"--agent", "--access agent --label x --agent c001"}, {"--agent", "--access agent --label x --agent zzz"},
		{"--agent", "--access service --label x --agent a001"}, {"--days", "--access service --label x --days -1"},
	} {
		h.run(t, "", append([]string{"tokens", "mint"}, strings.Fields(wrong.args)...)...).Want(t, operator.ExitFailed, wrong.flag+": ")
	}
}

func TestGivenAnAudit_WhenVerified_ThenAChangeIsNamedByItsRow(t *testing.T) {
	h := openDatabase(t)
	h.importCases(t)
	good := h.run(t, "", "audit", "verify").Want(t, operator.ExitOK, "is whole", "--row", "--hash")
	kept := strings.Fields(good.Out[strings.Index(good.Out, "--row"):])
	h.run(t, "", append([]string{"audit", "verify"}, kept...)...).Want(t, operator.ExitOK, "is whole")
	h.run(t, "", "audit", "verify", "--row", "1", "--hash", strings.Repeat("ab", 32)).Want(t, operator.ExitFindings, "broken at row 1", "written anew")
	h.run(t, "", "audit", "verify", "--row", "99", "--hash", strings.Repeat("ab", 32)).Want(t, operator.ExitFindings, "broken at row 99", "is no more")
	h.run(t, "", "audit", "verify", "--hash", "xyz").Want(t, operator.ExitFailed, "want both --row and --hash")
	h.run(t, "", "audit", "list", "--limit", "0").Want(t, operator.ExitFailed, "--limit")
	var rows []deedView
	decode(t, h.run(t, "", "audit", "list", "--after", "1", "--limit", "1", "--json").Want(t, operator.ExitOK), &rows)
	if len(rows) != 1 || rows[0].Row != 2 {
		t.Errorf("%+v", rows)
	}
	h.spoil(t, `ALTER TABLE audit DISABLE TRIGGER ALL; UPDATE audit SET actor = 'somebody-else' WHERE seq = 2`)
	h.run(t, "", "audit", "verify").Want(t, operator.ExitFindings, "broken at row 2")
	var said struct {
		Good bool
		Row  int64
		Why  string
	}
	decode(t, h.run(t, "", "audit", "verify", "--json").Want(t, operator.ExitFindings), &said)
	if said.Good || said.Row != 2 || said.Why == "" {
		t.Errorf("%+v", said)
	}
}

func TestGivenAScript_WhenALifeIsSimulated_ThenItsTimelineFollowsIt(t *testing.T) {
	// No configuration file is there, and none is needed.
	command(t, "", "simulate", "--script", "warned,still-harassed,counselled,counselled,satisfied,positive").
		Want(t, operator.ExitOK, "spoken: warned", "T9: now ffr-due", "T17: now final-feedback", "closed resolved")
	one, two := command(t, "", "simulate", "--seed", "5"), command(t, "", "simulate", "--seed", "5")
	if one.Want(t, operator.ExitOK, "filed").Out != two.Out {
		t.Error("the same seed gives two lives")
	}
	command(t, "", "simulate", "--script", "warned,positive", "--days", "2").Want(t, operator.ExitOK, "no call came for: positive")
	command(t, "", "simulate", "--script", "warnd").Want(t, operator.ExitFailed, `"warnd" is neither an outcome nor a cause`)
	command(t, "", "simulate", "--days", "-1").Want(t, operator.ExitFailed, "--days")
	command(t, "", "simulate", "-c", "/nowhere/dialer.yaml").Want(t, operator.ExitFailed, "/nowhere/dialer.yaml")
	var told struct {
		Moments []struct{ State, What string }
		Closed  bool
	}
	decode(t, command(t, "", "simulate", "--json", "--script", "warned").Want(t, operator.ExitOK), &told)
	if !told.Closed || len(told.Moments) < 5 || told.Moments[1].What != "spoken: warned" {
		t.Errorf("%+v", told)
	}
}

func TestGivenAPopulation_WhenSimulated_ThenEachDayIsPrintedAndTheLawsAreNamed(t *testing.T) {
	text := command(t, "", "simulate", "--population", "--days", "10", "--per-day", "20").
		Want(t, operator.ExitOK, "200 cases", "offender", "in vain: no-answer", "held at each of", "exactly one next thing").Out
	if days := strings.Count(text[:strings.Index(text, "\n\n")], "\n"); days != 10 {
		t.Errorf("%d days:\n%s", days, text)
	}
	var v populationView
	decode(t, command(t, "", "simulate", "--population", "--days", "10", "--per-day", "20", "--json").Want(t, operator.ExitOK), &v)
	if v.Cases != 200 || len(v.Days) != 10 || v.Outcomes["offender"]["warned"] == 0 || v.Broken != "" {
		t.Errorf("%+v", v)
	}
}

func TestGivenADatabaseThatIsAway_WhenCasesAreAsked_ThenItFailsInTimeAndShowsNoPassword(t *testing.T) {
	dir := t.TempDir()
	c := config.Default()
	c.Postgres.DSN = "postgres://powerline@127.0.0.1:1/none"
	c.Postgres.PasswordFile = operatortest.Write(t, dir, "postgres", "hunter2", 0o600)
	cfg := operatortest.Write(t, dir, "dialer.yaml", string(config.Marshal(c)), 0o644)
	began := time.Now()
	for _, args := range [][]string{{"cases", "list"}, {"audit", "verify"}, {"tokens", "list"}} {
		command(t, "", append(args, "-c", cfg)...).Want(t, operator.ExitFailed, "postgres: ping").Never(t, "hunter2")
	}
	if time.Since(began) > 20*time.Second {
		t.Errorf("it took %v", time.Since(began))
	}
}
