package console

import (
	"fmt"
	"io/fs"
	"net/http"
	"slices"
)

// Role is what somebody is at the console.
type Role string

// The roles.
const (
	Agent         Role = "agent"         // speaks with callers and victims
	Officer       Role = "officer"       // speaks with offenders and their families
	Counsellor    Role = "counsellor"    // an agent for those in crisis
	Supervisor    Role = "supervisor"    // leads the floor and decides on cases
	Auditor       Role = "auditor"       // reads what was done, and nothing private
	Administrator Role = "administrator" // accounts, imports, the machine
)

// Display is what a screen on a wall is: a session that a supervisor or an auditor
// left in that browser. It is no role of an account, sees figures, and changes
// nothing.
const Display Role = "display"

// Roles are all roles of accounts.
var Roles = []Role{Agent, Officer, Counsellor, Supervisor, Auditor, Administrator}

// Seated roles have a softphone and take calls.
var Seated = []Role{Agent, Officer, Counsellor}

// Everybody stands in Permissions for a route that asks for no session.
const Everybody Role = "everybody"

// Route is one thing that can be asked for.
type Route struct {
	// Name is its key in Permissions, and its label in metrics.
	Name string
	// Method is GET or POST, Pattern the path as http.ServeMux understands it.
	Method, Pattern string
	// Changes: it is limited in rate for each person.
	Changes bool
	// Live: it is a stream, or is asked for without anybody's doing: it does not
	// keep a session from going idle.
	Live bool
	// Limit of the body in bytes; 64 KiB unless set.
	Limit int64
	// Handle answers. An error becomes an answer too: a *Refusal as it says,
	// another one a 503 or 500 that repeats nothing of it.
	Handle func(*Request) error
}

func (rt Route) pattern() string { return rt.Method + " " + rt.Pattern }

// Link is an entry of the navigation: shown to whom the route is open.
type Link struct {
	Path string
	Word string // key of its text
	// Route is the name of the route that it leads to.
	Route string
	// Screen: it is for screens on a wall, and for nobody else.
	Screen bool
}

// Room is a part of the console: its routes, its pages and what they need.
type Room struct {
	// Name is the folder of its files below /static/.
	Name   string
	Routes []Route
	Links  []Link
	// Pages holds *.html: each defines "title" and "main", and may use what files
	// that begin with "_" define, in any room. Nil for none.
	Pages fs.FS
	// Static holds scripts, styles and images. Nil for none.
	Static fs.FS
	Words  Catalogue
}

// checkRoutes refuses what the table does not know.
func checkRoutes(rooms []Room) error {
	seen := map[string]bool{}
	for _, room := range rooms {
		for _, rt := range room.Routes {
			switch {
			case rt.Handle == nil || rt.Method != http.MethodGet && rt.Method != http.MethodPost:
				return fmt.Errorf("console: route %s of %s: want GET or POST and a handler", rt.Name, room.Name)
			case len(Permissions[rt.Name]) == 0:
				return fmt.Errorf("console: route %s of %s is not in Permissions: say there who may use it", rt.Name, room.Name)
			case seen[rt.Name]:
				return fmt.Errorf("console: route %s of %s stands twice", rt.Name, room.Name)
			}
			seen[rt.Name] = true
		}
		for _, l := range room.Links {
			if !seen[l.Route] {
				return fmt.Errorf("console: link %s of %s leads to no route", l.Path, room.Name)
			}
		}
	}
	return nil
}

// May reports whether a role may use a route, by its name.
func May(role Role, route string) bool { return slices.Contains(Permissions[route], role) }

func forEverybody(route string) bool { return slices.Contains(Permissions[route], Everybody) }
