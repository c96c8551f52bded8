package setup

import (
	"slices"

	"candor/internal/staff"
	"candor/internal/web"
)

// rolesPage is the table of who may do what.
type rolesPage struct {
	Roles []string
	Rows  []permissionRow
	Sees  []seesRow
}

type permissionRow struct {
	Says string
	Word string
	May  []bool // in the order of the roles
}

type seesRow struct{ Role, Purpose, Fields string }

// showRoles shows what each role of house.yaml may do and see.
func (r *room) showRoles(v *web.Visit) error {
	var p rolesPage
	roles := staff.Roles(v.Who.Charter)
	for _, role := range roles {
		p.Roles = append(p.Roles, role.ID)
		for _, purpose := range v.Who.Charter.Purposes {
			fields := ""
			for _, f := range role.Sees[purpose.ID] {
				if fields != "" {
					fields += ", "
				}
				fields += string(f)
			}
			if fields != "" {
				p.Sees = append(p.Sees, seesRow{role.ID, purpose.Title.In("en"), fields})
			}
		}
	}
	for _, m := range staff.Permissions {
		row := permissionRow{Says: m.Says, Word: string(m.Permission)}
		for _, role := range roles {
			row.May = append(row.May, slices.Contains(role.May, m.Permission))
		}
		p.Rows = append(p.Rows, row)
	}
	return web.Show(v, r.pages.roles, web.Head{Title: "Roles", Intro: "Who may do what for " + v.Who.Charter.Business.Name + ". The roles stand in house.yaml; the administrator is built in and sees no customer."}, p)
}
