package staff

import (
	"cmp"
	"slices"
	"strings"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/term"
)

// Permission is something that a role may do, in the words of house.yaml.
type Permission string

// The permissions.
const (
	Audience      Permission = "audience"
	Draft         Permission = "draft"
	Approve       Permission = "approve"
	Send          Permission = "send"
	Find          Permission = "find"
	Correct       Permission = "correct"
	OpenRequest   Permission = "open request"
	DecideRequest Permission = "decide request"
	Export        Permission = "export"
	Insight       Permission = "insight"
	ApplyCharter  Permission = "apply charter"
	Review        Permission = "review"
	Incident      Permission = "incident"
	Audit         Permission = "audit"
	Oversee       Permission = "oversee"
	Direct        Permission = "direct"
	SetUp         Permission = "set up"
	ManageStaff   Permission = "manage staff"
)

// Meaning says what a permission lets somebody do.
type Meaning struct {
	Permission Permission
	Says       string
}

// Permissions lists all of them in the order in which they are shown.
var Permissions = []Meaning{
	{Audience, "Build and count audiences"},
	{Draft, "Write campaigns, journeys and templates"},
	{Approve, "Approve what somebody else wrote"},
	{Send, "Send campaigns and start journeys"},
	{Find, "Find a customer and see what the role may see"},
	{Correct, "Correct a customer's data and record consent"},
	{OpenRequest, "Open a request for a customer"},
	{DecideRequest, "Work on requests and decide them"},
	{Export, "Export data"},
	{Insight, "See figures about customers as a whole"},
	{ApplyCharter, "Put a new charter in force"},
	{Review, "Sit on the ethics board"},
	{Incident, "Work on incidents"},
	{Audit, "Read the ledger and who used which data"},
	{Oversee, "Oversee as the data protection officer"},
	{Direct, "Answer for the business: hear when the officer is overruled"},
	{SetUp, "Set up sources, imports, senders and tokens"},
	{ManageStaff, "Add staff and give roles"},
}

// Administrator is the one role that needs no line in house.yaml: somebody must
// be able to set up. It sees no customer.
const Administrator = "administrator"

// Role is what a role may do and which fields it sees for which purpose.
type Role struct {
	ID   string
	May  []Permission
	Sees map[term.Purpose][]term.Field // empty: masked
}

// Roles lists the administrator and the roles of the charter's house.yaml.
func Roles(c *charter.Charter) []Role {
	out := []Role{{ID: Administrator, May: []Permission{SetUp, ManageStaff, Audit}}}
	for _, r := range c.House.Roles {
		role := Role{ID: r.ID, Sees: r.Sees}
		for _, m := range r.May {
			role.May = append(role.May, Permission(m))
		}
		out = append(out, role)
	}
	return out
}

// Rights is what somebody may do for a brand, put together from their roles.
// The zero Rights may nothing.
type Rights struct {
	Roles []string
	may   map[Permission]bool
	sees  map[term.Purpose][]term.Field
}

// RightsOf puts together what roles give at a time. A role that house.yaml no
// longer names, that was not confirmed in time, or that must not be in one hand
// with another that was given before, gives nothing.
func RightsOf(c *charter.Charter, grants []Grant, controller term.Controller, now clock.Instant) Rights {
	out := Rights{may: map[Permission]bool{}, sees: map[term.Purpose][]term.Field{}}
	var held []string
	for _, g := range slices.SortedStableFunc(slices.Values(grants), func(a, b Grant) int { return cmp.Compare(a.GivenAt, b.GivenAt) }) {
		if g.Controller == controller && !g.Lapsed(now) && Separate(c, held, g.Role) == nil {
			held = append(held, g.Role)
		}
	}
	for _, role := range Roles(c) {
		if !slices.Contains(held, role.ID) {
			continue
		}
		out.Roles = append(out.Roles, role.ID)
		for _, p := range role.May {
			out.may[p] = true
		}
		for purpose, fields := range role.Sees {
			for _, f := range fields {
				if !slices.Contains(out.sees[purpose], f) {
					out.sees[purpose] = append(out.sees[purpose], f)
				}
			}
		}
	}
	return out
}

// RolesOf gives the roles that a person holds now, from who they are in records;
// none for a program or the set-up.
func (r *Roster) RolesOf(tx *db.Tx, a term.Actor, c *charter.Charter) ([]string, error) {
	text, person := strings.CutPrefix(string(a), "staff:")
	who, err := id.Parse[id.Staff](text)
	if !person || err != nil {
		return nil, nil //nolint:nilerr // nobody of the staff
	}
	p, err := r.Get(tx, who)
	if errs.Is(err, errs.NotFound) {
		return nil, nil
	}
	return RightsOf(c, p.Grants, c.Business.ID, r.Clock.Now()).Roles, err
}

// May tells whether one of the roles gives a permission.
func (r Rights) May(p Permission) bool { return r.may[p] }

// Any tells whether any of the permissions is given.
func (r Rights) Any(list ...Permission) bool { return slices.ContainsFunc(list, r.May) }

// Sees gives the fields that may be shown for a purpose; none means masked.
func (r Rights) Sees(p term.Purpose) []term.Field { return r.sees[p] }

// Purposes lists the purposes for which anything may be shown, in the charter's
// order.
func (r Rights) Purposes(c *charter.Charter) []term.Purpose {
	var out []term.Purpose
	for _, p := range c.Purposes {
		if len(r.sees[p.ID]) > 0 {
			out = append(out, p.ID)
		}
	}
	return out
}

// conflict is two permissions that must not be in one hand.
type conflict struct {
	a, b   Permission
	reason string
}

// conflicts is the matrix of separation. The officer decides neither the means
// nor the purposes of processing (GDPR 38(6); LGPD 41; ANPD Res. 18/2024); who
// gives roles does not decide over customers.
var conflicts = []conflict{
	{Oversee, Draft, "the data protection officer cannot own campaigns"},
	{Oversee, Send, "the data protection officer cannot send campaigns"},
	{Oversee, Audience, "the data protection officer cannot work in marketing"},
	{Oversee, Approve, "the data protection officer cannot approve what marketing does"},
	{Oversee, Direct, "the data protection officer cannot answer for the business"},
	{Oversee, SetUp, "the data protection officer cannot administer the system"},
	{Oversee, ManageStaff, "the data protection officer cannot give roles"},
}

// Separate returns E_ROLE when somebody who holds some roles may not hold
// another besides.
func Separate(c *charter.Charter, held []string, added string) error {
	all := map[string]Role{}
	for _, r := range Roles(c) {
		all[r.ID] = r
	}
	next, ok := all[added]
	if !ok {
		return errs.New(errs.Invalid, "no_such_role", "house.yaml names no such role").On("role")
	}
	for _, k := range conflicts {
		if next.has(k.a) && next.has(k.b) {
			return errs.New(errs.Forbidden, errs.Role, "the role %s may do in house.yaml what must not be in one hand: %s", added, k.reason).On("role")
		}
	}
	for _, name := range held {
		for _, pair := range c.House.Apart {
			if pair == [2]string{name, added} || pair == [2]string{added, name} {
				return separated(name, added, "house.yaml keeps them apart")
			}
		}
		for _, k := range conflicts {
			if r := all[name]; next.has(k.a) && r.has(k.b) || next.has(k.b) && r.has(k.a) {
				return separated(name, added, k.reason)
			}
		}
	}
	return nil
}

func (r Role) has(p Permission) bool { return slices.Contains(r.May, p) }

func separated(a, b, reason string) error {
	return errs.New(errs.Forbidden, errs.Role, "the roles %s and %s cannot be in one hand: %s; take one away first", a, b, reason).On("role")
}

// ErrNotAllowed says which permission is missing.
func ErrNotAllowed(p Permission) error {
	for _, m := range Permissions {
		if m.Permission == p {
			return errs.New(errs.Forbidden, errs.Role, "%s: none of your roles may do this; ask whoever manages staff", m.Says)
		}
	}
	return errs.New(errs.Forbidden, errs.Role, "none of your roles may do this")
}
