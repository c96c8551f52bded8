package cli

import (
	"fmt"
	"strings"

	"candor/internal/app"
	"candor/internal/config"
	"candor/internal/db"
	"candor/internal/db/schema"
	"candor/internal/errs"
)

type doctorCmd struct {
	Config string `required:"" placeholder:"FILE" help:"The configuration file of the installation."`
}

// Run looks at an installation without changing it and exits with 1 when
// something is wrong.
func (c doctorCmd) Run(e *env) error {
	cfg, err := config.Read(c.Config)
	if err != nil {
		return err
	}
	found := app.Examine(e.ctx, cfg)
	wrong := 0
	var b strings.Builder
	for _, f := range found {
		if f.Health == app.Wrong {
			wrong++
		}
		fmt.Fprintf(&b, "%-6s %s: %s\n", f.Health, f.Part, f.Says)
		if f.Do != "" {
			fmt.Fprintf(&b, "       %s\n", f.Do)
		}
	}
	if err := e.print(map[string]any{"well": wrong == 0, "findings": found}, b.String()); err != nil || wrong == 0 {
		return err
	}
	return errs.New(errs.Invalid, "not_well", "%d things are wrong", wrong)
}

type dbCmd struct {
	Migrate    dbMigrateCmd    `cmd:"" help:"Bring the schema up to date, as each start does."`
	Distribute dbDistributeCmd `cmd:"" help:"Print the statements that distribute a PostgreSQL database with Citus."`
}

type dbDistributeCmd struct {
	Shards int `default:"64" help:"How many parts the customers are in: about four for each core of the nodes, for good."`
}

// Run prints SQL and runs none.
func (c dbDistributeCmd) Run(e *env) error {
	if c.Shards < 1 || c.Shards > 4096 {
		return errs.New(errs.Invalid, "bad_shards", "write --shards as a number from 1 to 4096")
	}
	tables, err := schema.Current()
	if err != nil {
		return err
	}
	list := schema.Distribute(tables, c.Shards)
	return e.print(map[string]any{"statements": list}, "-- On the coordinator, after candor db migrate and before there are rows. See doc/scale.md.\n"+strings.Join(list, "\n")+"\n")
}

type dbMigrateCmd struct {
	Config string `required:"" placeholder:"FILE" help:"The configuration file of the installation."`
	DryRun bool   `help:"List what would be done; change nothing."`
}

func (c dbMigrateCmd) Run(e *env) error {
	cfg, err := config.Read(c.Config)
	if err != nil {
		return err
	}
	pending, err := db.Pending(e.ctx, cfg.Database)
	if err != nil {
		return err
	}
	out := map[string]any{"pending": pending, "dry_run": c.DryRun}
	switch {
	case len(pending) == 0:
		return e.print(out, "The schema is up to date.\n")
	case c.DryRun:
		return e.print(out, strings.Join(pending, "\n")+"\nNothing was changed. Leave out --dry-run to do it.\n")
	}
	d, err := db.Open(e.ctx, cfg.Database)
	if err != nil {
		return err
	}
	if err := d.Close(); err != nil {
		return err
	}
	return e.print(out, fmt.Sprintf("%d changes are made.\n", len(pending)))
}
