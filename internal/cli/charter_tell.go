package cli

import (
	"fmt"
	"time"
)

type charterTellCmd struct {
	remote
	Send bool `help:"Write to each of them; without it they are counted and nothing is sent."`
}

// Run begins a run and waits until everybody was looked at.
func (c charterTellCmd) Run(e *env) error {
	s, err := c.open()
	if err != nil {
		return err
	}
	run, err := s.Tell(e.ctx, c.Send)
	for err == nil && run.EndedAt.IsZero() {
		select {
		case <-e.ctx.Done():
			return e.ctx.Err()
		case <-time.After(500 * time.Millisecond):
		}
		run, err = s.Telling(e.ctx)
	}
	if err != nil {
		return err
	}
	text := fmt.Sprintf("%d people must be told, %d of them have no address that takes mail.\n", run.Owed, run.Mute)
	switch {
	case c.Send:
		text += fmt.Sprintf("%d were told, %d mails are on their way.\n", run.Told, run.Waiting)
	case run.Owed > run.Mute:
		text += "Nothing was sent. To tell them: candor charter tell --send\n"
	}
	return e.print(run, text)
}
