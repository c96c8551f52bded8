package journal

import (
	"context"
	"embed"
	"io/fs"

	"candor/internal/db"
)

//go:embed migration/*.sql
var migrationFiles embed.FS

// Migrations is the schema of the journal's own database.
func Migrations() fs.FS {
	sub, err := fs.Sub(migrationFiles, "migration")
	if err != nil {
		panic(err) // the directory is embedded
	}
	return sub
}

// postgres keeps the lines in a database of its own. Its transaction commits
// before the one it protects.
type postgres struct{ db *db.DB }

func openPostgres(ctx context.Context, url string) (*postgres, error) {
	d, err := db.OpenWith(ctx, url, Migrations())
	if err != nil {
		return nil, err
	}
	return &postgres{d}, nil
}

// add locks the head, so that servers append one after the other.
func (p *postgres) add(lines []line) error {
	return p.db.Write(context.Background(), func(tx *db.Tx) error {
		var seq int64
		var hash []byte
		err := tx.QueryRow(`update journal_head set seq = seq + $1 where name = 'journal' returning seq - $1, hash`, len(lines)).Scan(&seq, &hash)
		if err != nil {
			return err
		}
		rows := make([][]any, 0, len(lines))
		for _, l := range lines {
			seq++
			hash = chain(hash, seq, l.body)
			rows = append(rows, []any{seq, string(l.body), hash})
		}
		if _, err := tx.InsertMany(`insert into journal_line (seq, body, hash) values`, ``, rows); err != nil {
			return err
		}
		_, err = tx.Exec(`update journal_head set hash = $1 where name = 'journal'`, hash)
		return err
	})
}

func (p *postgres) head(ctx context.Context) (seq int64, hash []byte, err error) {
	err = p.db.Read(ctx, func(tx *db.Tx) error {
		return tx.QueryRow(`select seq, hash from journal_head where name = 'journal'`).Scan(&seq, &hash)
	})
	return seq, hash, err
}

// page is how many lines are read at a time.
const page = 1000

func (p *postgres) each(ctx context.Context, after int64, fn func(line) error) error {
	for {
		var lines []line
		err := p.db.Read(ctx, func(tx *db.Tx) error {
			rows, err := tx.Query(`select seq, body, hash from journal_line where seq > $1 order by seq limit $2`, after, page)
			lines, err = db.Collect(rows, err, func(scan db.Scan) (l line, err error) {
				return l, scan(&l.seq, &l.body, &l.hash)
			})
			return err
		})
		if err != nil {
			return err
		}
		for _, l := range lines {
			if err := fn(l); err != nil {
				return err
			}
			after = l.seq
		}
		if len(lines) < page {
			return nil
		}
	}
}

func (p *postgres) close() error { return p.db.Close() }
