package evidence

import (
	"context"
	"errors"
	"time"

	"powerline/internal/postgres"
	"powerline/recordings"
	"powerline/recordings/certificate"
)

// Certify makes the papers of a recording, after it was compared with what was
// written. Whoever asks stands in the audit before anything is returned.
func (a *Archive) Certify(ctx context.Context, id recordings.ID, by postgres.By, device certificate.Device) (certificate.Pack, error) {
	s, err := a.State(ctx, id)
	if err != nil {
		return certificate.Pack{}, err
	}
	if err := a.DB.AuditBy(ctx, by, "recording-certified", string(id), nil); err != nil {
		return certificate.Pack{}, err
	}
	p := certificate.Pack{
		Made: time.Now().UTC(), Order: by.Why, By: by.Actor, Device: device, Recording: id, Sealed: s.Sealed, Gaps: s.Gaps,
		Row: s.Link.Seq, Hash: recordings.Digest(s.Link.Hash), Opened: !a.Identities.None(),
	}
	if s.Removed != nil {
		return certificate.Pack{}, ErrRemoved
	}
	if p.Opened {
		if _, err := a.key(ctx, s); err != nil {
			return certificate.Pack{}, err
		}
	}
	if err := a.audio(ctx, s, &Report{}); err != nil {
		return certificate.Pack{}, errors.Join(errors.New("evidence: nothing is certified: the recording is not what was sealed"), err)
	}
	p.Compared = time.Now().UTC()
	if a.AnchorDir != "" {
		all, err := recordings.ReadAnchors(a.AnchorDir)
		if err != nil {
			return certificate.Pack{}, err
		}
		for i := range all {
			if all[i].Seq >= p.Row {
				p.Anchor = &all[i]
				break
			}
		}
	}
	return p, nil
}
