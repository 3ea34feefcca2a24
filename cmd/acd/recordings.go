package main

import (
	"github.com/spf13/cobra"

	"powerline/cmd/operator"
	"powerline/internal/sealer"
)

func newRecordings(s *shared) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "recordings",
		Short: "Seal, verify and keep recordings of conversations",
		Long: operator.Long(`
			Conversations are recorded into recordings.spoolDir, which lies in memory, sealed
			into recordings.storeDir, and entered into a chain of digests in the database.

			Where to begin:
			  age-keygen -o identity                         on a host that does not record
			  age-keygen -y identity                         the line for recordings.recipientsFile
			  acd recordings seal                            runs beside Asterisk, always
			  acd recordings verify --all                    is everything there, and unchanged?`),
	}
	cmd.AddCommand(newRecordingsSeal(s), newRecordingsVerify(s), newRecordingsCertificate(s), newRecordingsHold(s), newRecordingsRelease(s),
		newRecordingsExpire(s), newRecordingsShred(s), newRecordingsRewrap(s))
	return cmd
}

func newRecordingsSeal(s *shared) *cobra.Command {
	return &cobra.Command{
		Use:   "seal",
		Short: "Seal recordings as their conversations end",
		Long: operator.Long(`
			Runs until SIGTERM or SIGINT, one for each spool. It may be killed at any moment:
			what it was doing it goes on with at its next start. It needs no password of
			Asterisk and no secret key; to see when Asterisk has closed a file it needs to own
			the files or CAP_LEASE (otherwise it waits until a file is left alone for 30 s).

			Examples:
			  acd recordings seal
			  systemctl start powerline-sealer`),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, log, err := s.LoadAndLog()
			if err != nil {
				return err
			}
			return sealer.Serve(cmd.Context(), c, log)
		},
	}
}
