package dialer

import (
	"context"
	"errors"

	"powerline/internal/acd"
	"powerline/internal/api"
	"powerline/internal/asterisk"
	"powerline/internal/evidence"
	"powerline/recordings"
)

// listening opens recordings for the API, on a host that has an identity. One
// that cannot be read keeps nobody from calling.
func (s *service) listening() api.Listening {
	c := s.opened.Config
	if c.Recordings.IdentityFile == "" {
		return nil
	}
	a, err := evidence.Open(c, s.opened.DB)
	if err != nil {
		s.log.Error("recordings cannot be heard here", "error", err)
		return nil
	}
	return ears{a}
}

// recorder is the exchange as the API asks of it.
type recorder struct{ engine *acd.Engine }

// Mute implements api.Recorder.
func (r recorder) Mute(ctx context.Context, callID string, mute bool) (recorded bool, err error) {
	err = r.engine.MuteRecording(ctx, callID, mute)
	if asterisk.IsNotFound(err) {
		return false, nil
	}
	return err == nil, err
}

type ears struct{ archive *evidence.Archive }

// Listen implements api.Listening.
func (e ears) Listen(ctx context.Context, id recordings.ID) (api.Sound, error) {
	a, err := e.archive.Audio(ctx, id)
	if errors.Is(err, evidence.ErrRemoved) {
		return nil, recordings.ErrNoObject
	}
	if err != nil {
		return nil, err
	}
	return sound{a}, nil
}

type sound struct{ *evidence.Audio }

func (s sound) Samples() int64 { return s.Sealed.Samples }
func (s sound) Size() int64    { return s.Audio.Size }
func (s sound) SHA256() string { return s.Sealed.SHA256.String() }
