package acd

import (
	"context"
	"encoding/json"
	"log/slog"

	"powerline/internal/config"
	"powerline/internal/postgres"
)

// queueBook is what supervisors changed of the queues, over the configuration's
// file. While the database is away the last that was read stays in force; an
// engine that starts meanwhile has the file's.
type queueBook struct {
	db      *postgres.DB
	log     *slog.Logger
	file    config.Config
	version int64
	queues  config.Queues
}

// follow takes in a change since the last look.
func (q *queueBook) follow(ctx context.Context, e *Engine) {
	version, err := q.db.QueueVersion(ctx)
	if err != nil || version == q.version {
		return
	}
	changes, err := q.db.QueueChanges(ctx, 1)
	if err != nil || len(changes) == 0 {
		return
	}
	q.version = changes[0].Version // good or not, it is not looked at again
	var next config.Queues
	if err := json.Unmarshal(changes[0].Settings, &next); err != nil {
		q.log.Error("settings of queues are not understood; the old ones stay", "version", q.version, "error", err)
		return
	}
	changed, err := q.file.WithQueues(next)
	if err != nil {
		q.log.Error("settings of queues are refused; the old ones stay", "version", q.version, "error", err)
		return
	}
	settings, err := settingsOf(changed)
	if err != nil {
		q.log.Error("settings of queues are refused; the old ones stay", "version", q.version, "error", err)
		return
	}
	q.queues = next
	e.Reload(settings)
	e.metrics.queueVersion.Set(float64(q.version))
	q.log.Info("settings of queues taken in", "version", q.version)
}

// over lays them over another file, if they fit it.
func (q *queueBook) over(file config.Config) config.Config {
	changed, err := file.WithQueues(q.queues)
	if err != nil {
		q.log.Warn("settings of queues do not fit this configuration, and are left out", "version", q.version, "error", err)
		return file
	}
	return changed
}
