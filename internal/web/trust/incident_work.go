package trust

import (
	"net/http"
	"strconv"
	"strings"

	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/incident"
	"candor/internal/web"
)

// work runs one act on an incident and comes back to its page.
func (r *room) work(v *web.Visit, done string, act func(tx *db.Tx, which id.Incident) error) error {
	which, err := incidentOf(v)
	if err != nil {
		return err
	}
	err = v.Write(func(tx *db.Tx) error { return act(tx, which) })
	if errs.Is(err, errs.Invalid) {
		return r.renderIncident(v, which, web.Head{Status: http.StatusUnprocessableEntity}, err)
	}
	if err != nil {
		return err
	}
	return v.Done("/admin/trust/incidents/"+which.String(), done)
}

// record replaces what is known.
func (r *room) record(v *web.Visit) error {
	return r.work(v, "What is known has been recorded.", func(tx *db.Tx, which id.Incident) error {
		f := incident.Facts{Cause: v.Form("cause"), Effects: v.Form("effects"), Measures: v.Form("measures")}
		for _, k := range v.R.PostForm["kind"] {
			f.Kinds = append(f.Kinds, incident.Kind(k))
		}
		for class := range strings.SplitSeq(v.Form("classes"), ",") {
			if class = strings.TrimSpace(class); class != "" {
				f.Classes = append(f.Classes, class)
			}
		}
		var err error
		if f.People, err = readPeople(v.Form("people")); err != nil {
			return err
		}
		return r.Incidents.Record(tx, which, f, v.Actor())
	})
}

func readPeople(text string) ([]incident.Count, error) {
	var out []incident.Count
	for line := range strings.Lines(text) {
		parts := strings.Fields(line)
		if len(parts) == 0 {
			continue
		}
		n, err := strconv.ParseInt(parts[len(parts)-1], 10, 64)
		if err != nil || len(parts) < 2 {
			return nil, errs.New(errs.Invalid, "incident_people", "write a line for each country, such as DE 120").On("people")
		}
		out = append(out, incident.Count{Residence: strings.Join(parts[:len(parts)-1], " "), People: n})
	}
	return out, nil
}

// note adds a remark.
func (r *room) note(v *web.Visit) error {
	return r.work(v, "The remark stands in the timeline.", func(tx *db.Tx, which id.Incident) error {
		return r.Incidents.Note(tx, which, v.Form("note"), v.Actor())
	})
}

// propose proposes a decision; somebody else approves it.
func (r *room) propose(v *web.Visit) error {
	return r.work(v, "The decision waits for somebody else's approval.", func(tx *db.Tx, which id.Incident) error {
		return r.Incidents.Propose(tx, which, incident.Decision(v.Form("decision")), v.Form("reasoning"), v.Actor())
	})
}

// approve closes the incident as proposed.
func (r *room) approve(v *web.Visit) error {
	return r.work(v, "The incident is closed.", func(tx *db.Tx, which id.Incident) error {
		return r.Incidents.Approve(tx, which, v.Actor())
	})
}
