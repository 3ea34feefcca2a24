package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"powerline/agent"
	"powerline/cases"
	"powerline/internal/intake"
	"powerline/person"
)

// importLimit is how long an import may take: at some 9 ms a case, tens of
// thousands of cases in one transaction.
const importLimit = 5 * time.Minute

// Register stores a complaint: parties and numbers sealed, the case stepped by
// cases.Filed, its tasks. It is idempotent by r.Case and r.EventID. The
// number of complainants against the offender's numbers is counted here.
func (db *DB) Register(ctx context.Context, rules cases.Rules, r intake.Registration) (Registered, error) {
	all, err := db.RegisterAll(ctx, rules, []intake.Registration{r})
	if err != nil {
		return Registered{}, err
	}
	return all[0], nil
}

// RegisterAll stores all of them or none. An error names the place in the
// list, from 1, of the one that could not be stored.
func (db *DB) RegisterAll(ctx context.Context, rules cases.Rules, all []intake.Registration) ([]Registered, error) {
	var done []Registered
	err := db.withinLimit(ctx, "register cases", importLimit, func(ctx context.Context) error {
		if err := db.opts.Keys.check(); err != nil {
			return err
		}
		return db.inTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) error {
			done = make([]Registered, len(all))
			var deeds []Deed // for the end, or the import would hold up every other mover
			if err := lockIDs(ctx, tx, all); err != nil {
				return err
			}
			for i, r := range all {
				one, deed, err := db.register(ctx, tx, rules, r)
				if err != nil && len(all) > 1 {
					return fmt.Errorf("number %d: %w", i+1, plain(err))
				}
				if err != nil {
					return err
				}
				done[i] = one
				if !one.Again {
					deeds = append(deeds, deed)
				}
			}
			return auditAll(ctx, tx, deeds)
		})
	})
	if err != nil {
		return nil, err
	}
	return done, nil
}

// lockIDs makes whoever registers the same case wait, so that the second finds
// what the first has stored. In order, so that two imports do not deadlock.
func lockIDs(ctx context.Context, tx pgx.Tx, all []intake.Registration) error {
	var ids []string
	for _, r := range all {
		ids = append(ids, r.Case)
	}
	slices.Sort(ids)
	for _, id := range ids {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('register ' || $1, 0))`, id); err != nil {
			return err
		}
	}
	return nil
}

func (db *DB) register(ctx context.Context, tx pgx.Tx, rules cases.Rules, r intake.Registration) (Registered, Deed, error) {
	if err := r.Check(); err != nil {
		return Registered{}, Deed{}, err
	}
	before, err := hold(ctx, tx, r.Case)
	if err == nil {
		if same, err := applied(ctx, tx, r.Case, r.EventID); err != nil || !same {
			return Registered{}, Deed{}, errors.Join(err, ErrCaseExists)
		}
		return Registered{File: before.file, Again: true}, Deed{}, nil
	}
	if !errors.Is(err, ErrNoCase) {
		return Registered{}, Deed{}, err
	}
	ev, n, err := db.filed(ctx, tx, r)
	if err != nil {
		return Registered{}, Deed{}, err
	}
	if err := countComplainants(ctx, tx, cases.Case{ID: r.Case}, &ev); err != nil {
		return Registered{}, Deed{}, err
	}
	c, effects, verdict := rules.Step(cases.Case{ID: r.Case}, ev)
	if verdict != cases.Applied {
		return Registered{}, Deed{}, fmt.Errorf("only a woman agent registers a case, and it must have a victim: %w", ErrNotAllowed)
	}
	h := held{file: CaseFile{
		Case: c, District: r.District, Station: r.Station, Category: r.Category, Call: r.Call, LinkedTo: r.LinkedTo, RegisteredAt: ev.At, ChangedAt: ev.At,
	}}
	if err := db.insertCase(ctx, tx, &h, r.Account, ev.By); err != nil {
		return Registered{}, Deed{}, err
	}
	if err := n.write(ctx, tx, c.ID, ev.At); err != nil {
		return Registered{}, Deed{}, err
	}
	deed, err := h.writeMove(ctx, tx, cases.Intake, ev, effects)
	return Registered{File: h.file, Effects: effects}, deed, err
}

// filed is the event that registers, and the persons it brings.
func (db *DB) filed(ctx context.Context, tx pgx.Tx, r intake.Registration) (cases.Event, newcomers, error) {
	n := newcomers{numbers: map[string][]byte{}}
	at := r.At.UTC().Truncate(time.Microsecond)
	taker, err := profile(ctx, tx, r.Taker)
	if err != nil {
		return cases.Event{}, n, fmt.Errorf("taker: %w", err)
	}
	f := cases.Filed{Taker: taker, Terms: r.Terms, Minor: r.Minor, Sealed: r.Sealed, Triage: r.Triage}
	next := 0
	party := func(role cases.Role, p intake.Party) (cases.Party, error) {
		next++
		return db.sealParty(&n, intake.PartyID(r.Case, r.EventID, next), role, p)
	}
	if f.Victim, err = party(cases.Victim, r.Victim); err != nil {
		return cases.Event{}, n, err
	}
	if r.Adult.Known() {
		if f.Adult, err = party(cases.Adult, r.Adult); err != nil {
			return cases.Event{}, n, err
		}
	}
	// Always there, so that numbers that are found later have somebody to belong to.
	if f.Offender, err = party(cases.Offender, r.Offender); err != nil {
		return cases.Event{}, n, err
	}
	for _, contact := range r.Contacts {
		p, err := party(cases.Contact, contact)
		if err != nil {
			return cases.Event{}, n, err
		}
		f.Contacts = append(f.Contacts, p)
	}
	if err := db.sealSafe(&n, r.Safe); err != nil {
		return cases.Event{}, n, err
	}
	n.neverRing(&f.Victim)
	n.neverRing(&f.Adult)
	return cases.Event{ID: r.EventID, At: at, By: r.Taker, What: f}, n, nil
}

// insertCase writes the row and finds a docket that is free.
func (db *DB) insertCase(ctx context.Context, tx pgx.Tx, h *held, account person.Words, taker agent.ID) error {
	f, c := &h.file, h.file.Case
	if f.Station != "" {
		var known bool
		err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM stations WHERE id = $1 AND district = $2)`, f.Station, f.District).Scan(&known)
		if err != nil {
			return err
		}
		if !known {
			return ErrNoStation
		}
	}
	sealed, err := db.sealWords(account, person.Account)
	if err != nil {
		return err
	}
	doc, err := json.Marshal(c)
	if err != nil {
		return err
	}
	for nth := range 100 {
		f.Docket = docket(c.ID, nth)
		tag, err := tx.Exec(ctx, `INSERT INTO cases (id, docket, version, state, since, cycle, concern, concern_since, barred, closure, nexts, next_at,
				district, station, category, call, linked_to, account, registered_at, registered_by, doc)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, '', $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
			ON CONFLICT (docket) DO NOTHING`,
			c.ID, f.Docket, c.Version, string(c.State), c.Since, c.Cycle, string(c.Supervisor.Why), unlessZero(c.Supervisor.Since), barredBy(c), len(c.Next()), unlessZero(nextAt(c)),
			f.District, unlessEmpty(f.Station), f.Category, f.Call, unlessEmpty(f.LinkedTo), sealed, f.RegisteredAt, string(taker), string(doc))
		if err != nil || tag.RowsAffected() == 1 {
			return err
		}
	}
	return errors.New("no complaint number is free")
}

// docket is the n-th choice of a complaint number for a case: eight digits that
// tell nothing and a check digit, so that one digit heard wrong, or two heard
// in the wrong order, name no other case.
func docket(caseID string, n int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "powerline docket %s %d", caseID, n))
	digits := strconv.FormatUint(10_000_000+binary.BigEndian.Uint64(sum[:])%90_000_000, 10)
	return digits + string(rune('0'+luhn(digits)))
}

// ValidDocket reports whether the text can be a complaint number.
func ValidDocket(text string) bool {
	if len(text) != 9 || text[0] == '0' || strings.ContainsFunc(text, func(r rune) bool { return r < '0' || r > '9' }) {
		return false
	}
	return int(text[8]-'0') == luhn(text[:8])
}

// luhn is the check digit of ISO/IEC 7812 for the digits.
func luhn(digits string) int {
	sum := 0
	for i := range digits {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return (10 - sum%10) % 10
}

// profile is what the roster says of an agent who works here.
func profile(ctx context.Context, tx pgx.Tx, id agent.ID) (agent.Profile, error) {
	rows, err := tx.Query(ctx, `SELECT `+personColumns+` FROM agents WHERE id = $1 AND active`, string(id))
	if err != nil {
		return agent.Profile{}, err
	}
	p, err := pgx.CollectExactlyOneRow(rows, scanPerson)
	if errors.Is(err, pgx.ErrNoRows) {
		return agent.Profile{}, ErrNoAgent
	}
	return p.Profile, err
}
