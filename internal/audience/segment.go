package audience

import (
	"strings"
	"unicode/utf8"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/term"
)

// Segment is a condition saved under a name.
type Segment struct {
	ID         id.Segment    `json:"segment"`
	Name       string        `json:"name"`
	Purpose    term.Purpose  `json:"purpose"`
	Expression string        `json:"expression"`
	Author     term.Actor    `json:"author"`
	CreatedAt  clock.Instant `json:"created_at"`
}

// SaveSegment checks a condition and saves it under a name of its own. It
// returns what For does for the condition, INVALID for a name that is empty or
// long, and CONFLICT "exists" for one that is taken.
func (s *Service) SaveSegment(tx *db.Tx, g Segment) (Segment, error) {
	g.Name = strings.TrimSpace(g.Name)
	if n := utf8.RuneCountInString(g.Name); n == 0 || n > 100 || looksLikeAddress(g.Name) {
		return Segment{}, errs.New(errs.Invalid, "segment_name", "a segment has a name of 1 to 100 characters that is nobody's address").On("name")
	}
	in, err := s.charter.Current(tx)
	if err != nil {
		return Segment{}, err
	}
	c, err := For(in, g.Purpose, g.Expression)
	if err != nil {
		return Segment{}, err
	}
	g.ID, g.Expression, g.CreatedAt = id.New[id.Segment](), c.Source(), s.clock.Now()
	_, err = tx.Exec("insert into segment ("+segmentColumns+") values ($1, $2, $3, $4, $5, $6)",
		g.ID, g.Name, g.Purpose, g.Expression, g.Author, g.CreatedAt)
	if errs.CodeOf(err) == db.Exists {
		return Segment{}, errs.New(errs.Conflict, db.Exists, "there is already a segment of this name").On("name")
	}
	return g, err
}

const segmentColumns = "segment_id, name, purpose, expression, author, created_at"

// Segment reads a saved segment. It returns NOT_FOUND when there is none.
func (s *Service) Segment(tx *db.Tx, n id.Segment) (Segment, error) {
	g, err := scanSegment(tx.QueryRow("select "+segmentColumns+" from segment where segment_id = $1", n).Scan)
	if errs.Is(err, errs.NotFound) {
		return Segment{}, errs.New(errs.NotFound, "no_segment", "there is no such segment")
	}
	return g, err
}

// Segments lists saved segments after one, in the order they were made.
func (s *Service) Segments(tx *db.Tx, after id.Segment, limit int) ([]Segment, error) {
	rows, err := tx.Query("select "+segmentColumns+" from segment where segment_id > $1 order by segment_id limit $2", after, limit)
	return db.Collect(rows, err, scanSegment)
}

// DeleteSegment forgets a saved segment. It returns NOT_FOUND when there is none.
func (s *Service) DeleteSegment(tx *db.Tx, n id.Segment) error {
	rows, err := tx.Exec("delete from segment where segment_id = $1", n)
	if err == nil && rows == 0 {
		return errs.New(errs.NotFound, "no_segment", "there is no such segment")
	}
	return err
}

// ConditionOf checks a saved segment against the charter in force. It returns
// what For does: a purpose that has lost its basis evaluates to nobody.
func (s *Service) ConditionOf(tx *db.Tx, g Segment) (*Condition, error) {
	in, err := s.charter.Current(tx)
	if err != nil {
		return nil, err
	}
	return For(in, g.Purpose, g.Expression)
}

func scanSegment(scan db.Scan) (Segment, error) {
	var g Segment
	err := scan(&g.ID, &g.Name, &g.Purpose, &g.Expression, &g.Author, &g.CreatedAt)
	return g, err
}
