package asterisk

import (
	"context"
	"fmt"
	"regexp"
)

// Recording is a conversation that Asterisk writes into two raw files, one for
// each side, aligned by sample and equal in length.
type Recording struct {
	// Heard is where the channel's own voice goes, Spoken what is said to it. Both
	// are absolute; the ending, such as ".alaw", says the format.
	Heard, Spoken string
	// Mark is a channel variable that Asterisk sets as the recording begins: a
	// Variables that shows it says that this recording was begun.
	Mark string
}

// recordingPath is what a path may be made of: it stands among AMI's options,
// where a comma or a bracket would begin another one.
var recordingPath = regexp.MustCompile(`^/[A-Za-z0-9._/-]{1,250}$`)

// StartRecording begins to record a channel for as long as it is in a bridge.
// It goes on when this process dies, and ends with the channel. It is asked for
// over AMI, because ARI's own ways hold up a channel's commands or need two
// channels more. To begin the same recording twice would cut off its first
// part: look at Mark before. IsNotFound: the channel is gone.
func (c *Client) StartRecording(ctx context.Context, channel string, r Recording) error {
	if !recordingPath.MatchString(r.Heard) || !recordingPath.MatchString(r.Spoken) || !variableName.MatchString(r.Mark) {
		return &Error{Op: "start recording", Err: fmt.Errorf("bad path or variable: %s, %s, %s", r.Heard, r.Spoken, r.Mark), unsent: true}
	}
	_, err := c.action(ctx, "start recording", amiAction{
		{"Action", "MixMonitor"}, {"Channel", channel},
		{"Options", fmt.Sprintf("bi(%s)r(%s)t(%s)", r.Mark, r.Heard, r.Spoken)},
	})
	return err
}

// StopRecording ends the recording of a channel that Mark holds the value of; the
// channel itself goes on. One that is gone, or is not recorded, is no error.
func (c *Client) StopRecording(ctx context.Context, channel, mark string) error {
	_, err := c.action(ctx, "stop recording", amiAction{{"Action", "StopMixMonitor"}, {"Channel", channel}, {"MixMonitorID", mark}})
	return goneIsFine(err)
}

// MuteRecording lets a recording hold silence instead of both voices, or not
// any more. IsNotFound: the channel is gone or is not recorded.
func (c *Client) MuteRecording(ctx context.Context, channel string, mute bool) error {
	state := "0"
	if mute {
		state = "1"
	}
	_, err := c.action(ctx, "mute recording", amiAction{
		{"Action", "MixMonitorMute"}, {"Channel", channel}, {"Direction", "both"}, {"State", state},
	})
	return err
}
