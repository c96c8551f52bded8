package cli

import (
	"fmt"
	"time"

	"candor/client"
)

type charterTellCmd struct {
	remote
	Send bool `help:"Write to each of them; without it they are counted and nothing is sent."`
}

// Run counts, and then tells when it was asked to: nobody is written to before they
// were counted. It waits until everybody was looked at.
func (c charterTellCmd) Run(e *env) error {
	s, err := c.open()
	if err != nil {
		return err
	}
	run, err := through(e, s, false)
	if err == nil && c.Send && run.Owed > run.Mute {
		run, err = through(e, s, true)
	}
	if err != nil {
		return err
	}
	text := fmt.Sprintf("%d people must be told, %d of them have no address that takes mail.\n", run.Owed, run.Mute)
	switch {
	case run.Sends:
		text += fmt.Sprintf("%d were told, %d mails are on their way.\n", run.Told, run.Waiting)
	case run.Owed > run.Mute:
		text += "Nothing was sent. To tell them: candor charter tell --send\n"
	}
	return e.print(run, text)
}

// through begins a run and waits for its end.
func through(e *env, s *client.Client, sends bool) (client.Telling, error) {
	run, err := s.Tell(e.ctx, sends)
	for err == nil && run.EndedAt.IsZero() {
		select {
		case <-e.ctx.Done():
			return run, e.ctx.Err()
		case <-time.After(500 * time.Millisecond):
		}
		run, err = s.Telling(e.ctx)
	}
	return run, err
}
