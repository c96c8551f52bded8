package cli

import (
	"fmt"

	"candor/internal/app"
	"candor/internal/config"
)

type keysCmd struct {
	Rotate keysRotateCmd `cmd:"" help:"Make a new root key and wrap every customer's key under it, with all servers stopped."`
}

type keysRotateCmd struct {
	Config string `required:"" placeholder:"FILE" help:"The configuration file of the installation."`
	Yes    bool   `help:"Do it. Without this nothing is changed."`
}

// Run rotates the root key; stopped half-way, it is run again.
func (c keysRotateCmd) Run(e *env) error {
	cfg, err := config.Read(c.Config)
	if err != nil {
		return err
	}
	if !c.Yes {
		return e.print(map[string]bool{"done": false}, "Nothing was changed. Stop all servers, keep a backup of the key file until this is done, and run it with --yes.\n")
	}
	wrapped := 0
	err = app.RotateKeys(e.ctx, cfg, func(_ string, done int) error {
		wrapped = max(wrapped, done)
		return e.ctx.Err()
	})
	if err != nil {
		return err
	}
	return e.print(map[string]any{"done": true, "keys": wrapped},
		fmt.Sprintf("%d customers' keys are wrapped under the new root key, and the old one opens none of them.\nBack up the key file and delete its old copies.\n", wrapped))
}
