package supervisor

import (
	"context"
	"time"

	"powerline/internal/console"
)

// wall is the wallboard as a page.
func (r *room) wall(q *console.Request) error {
	return q.Render("wall.html", wallPage{shown: shown{q}, Within: r.Config().ServiceLevel.Threshold})
}

// wallBig is the wallboard for a screen on a wall: nothing but figures, large.
func (r *room) wallBig(q *console.Request) error {
	return q.Render("wall.html", wallPage{shown: shown{q}, Big: true, Within: r.Config().ServiceLevel.Threshold})
}

// wallDisplay leaves this browser as a screen on a wall: it goes on when nobody
// touches it, and shows nothing else.
func (r *room) wallDisplay(q *console.Request) error {
	if err := q.BecomeDisplay(); err != nil {
		return err
	}
	return q.SeeOther("/wall/big")
}

type wallPage struct {
	shown
	Big    bool
	Within time.Duration // T
}

// Ages are the headings of the table.
func (wallPage) Ages() []Age { return Ages[:] }

func (r *room) wallLive(q *console.Request) error {
	return q.Stream(
		console.View{Name: "board", Show: func(context.Context) (any, error) { return r.watch.board(), nil }},
		console.View{Name: "today", Show: func(context.Context) (any, error) { return r.watch.today.Load(), nil }},
	)
}
