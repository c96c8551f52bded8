package audiences

import (
	"candor/internal/audience"
	"candor/internal/charter"
	"candor/internal/db"
	"candor/internal/id"
	"candor/internal/term"
	"candor/internal/ui"
	"candor/internal/web"
	"time"
)

// listPage shows the saved audiences.
type listPage struct {
	Segments []savedSegment
	Recipes  []recipe
	Pages    ui.Pages
}

// savedSegment is a saved audience in words.
type savedSegment struct {
	Name    string
	Purpose string
	Words   string // or what is wrong with it under the charter in force
	Wrong   *ui.Status
	Edit    string
	Delete  string
	Made    time.Time
}

// recipe is an audience to start from.
type recipe struct{ Title, Words, URL string }

const pageSize = 50

func (r *room) showList(v *web.Visit) error {
	if v.WantsCSV() {
		return r.table(v)
	}
	after, err := cursor(v.Form("after"))
	if err != nil {
		return err
	}
	p := listPage{Recipes: recipes(v.Who.Charter)}
	err = v.Read(func(tx *db.Tx) error {
		list, err := r.Audience.Segments(tx, after, pageSize)
		for _, g := range list {
			p.Segments = append(p.Segments, r.saved(v, g))
		}
		if len(list) == pageSize {
			p.Pages.Next = listURL + "?after=" + list[len(list)-1].ID.String()
		}
		return err
	})
	if err != nil {
		return err
	}
	if after != 0 {
		p.Pages.Back = listURL
	}
	return web.Show(v, r.list, web.Head{Title: "Audiences", Intro: "Whom you write to, by what the charter lets each purpose know.",
		Actions: []ui.Link{v.CSVLink(), {Text: "Stages", URL: stagesURL}, {Text: "New audience", URL: editURL, Current: true}}}, p)
}

// table is the list as a table.
func (r *room) table(v *web.Visit) error {
	return v.CSV("audiences", []string{"audience", "name", "purpose", "expression", "words", "made"}, func(after string) (lines [][]string, next string, err error) {
		from, err := cursor(after)
		if err != nil {
			return nil, "", err
		}
		err = v.Read(func(tx *db.Tx) error {
			list, err := r.Audience.Segments(tx, from, pageSize)
			lines, next = nil, ""
			for _, g := range list {
				lines = append(lines, []string{g.ID.String(), g.Name, string(g.Purpose), g.Expression, r.saved(v, g).Words, g.CreatedAt.String()})
			}
			if len(list) == pageSize {
				next = list[pageSize-1].ID.String()
			}
			return err
		})
		return lines, next, err
	})
}

func cursor(text string) (id.Segment, error) {
	if text != "" {
		return id.Parse[id.Segment](text)
	}
	return 0, nil
}

func (r *room) saved(v *web.Visit, g audience.Segment) savedSegment {
	out := savedSegment{Name: g.Name, Purpose: titleOf(v.Who.Charter, g.Purpose), Made: v.Local(g.CreatedAt),
		Edit: editorURL(g.Purpose, term.Email, g.Expression), Delete: listURL + "/" + g.ID.String() + "/delete"}
	c, err := r.Audience.Compile(v.Who.Charter, g.Purpose, g.Expression)
	if err != nil {
		out.Words, out.Wrong = web.Sentence(err), &ui.Status{Tone: ui.Bad, Text: "no longer allowed"}
		return out
	}
	out.Words = c.Describe("en")
	return out
}

func titleOf(c *charter.Charter, p term.Purpose) string {
	if purpose, ok := c.Purpose(p); ok {
		return purpose.Title.In("en")
	}
	return string(p)
}

// recipes are three audiences that fit this charter.
func recipes(c *charter.Charter) []recipe {
	p := firstMarketing(c)
	if p == nil {
		return nil
	}
	var order *charter.Event
	for i := range c.Events {
		if _, uses := p.UsesEvent(c.Events[i].Name); uses && c.Events[i].Is(charter.MeansOrder) {
			order = &c.Events[i]
		}
	}
	if order == nil {
		return []recipe{{"Everybody who agreed", "All who may be written to for “" + p.Title.In("en") + "”.", editorURL(p.ID, term.Email, "true")}}
	}
	name := `"` + string(order.Name) + `"`
	return []recipe{
		{"Win back", "Bought before, and not for a year.", editorURL(p.ID, term.Email, "since_last("+name+") > days(365)")},
		{"Best customers", "Five orders or more within a year.", editorURL(p.ID, term.Email, "count("+name+", days(365)) >= 5")},
		{"Second order", "Exactly one order, within the last 90 days.", editorURL(p.ID, term.Email, "count("+name+") == 1 && since_last("+name+") <= days(90)")},
	}
}

// firstMarketing is the purpose that an editor starts with.
func firstMarketing(c *charter.Charter) *charter.Purpose {
	for i := range c.Purposes {
		if c.Purposes[i].Marketing && len(c.Purposes[i].Channels()) > 0 {
			return &c.Purposes[i]
		}
	}
	return nil
}
