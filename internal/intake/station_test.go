package intake

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"powerline/agent"
)

const directoryFile = `id,district,name,active
lko-hazratganj,Lucknow,Hazratganj,yes
lko-gomtinagar,lucknow,"Gomti Nagar",
agra-kotwali,Agra,Kotwali,no
`

func TestGivenAGoodDirectory_WhenRead_ThenItsStationsComeInOrder(t *testing.T) {
	stored := []Station{{"lko-hazratganj", "Lucknow", "Hazratganj (old)", true}, {"etah-kotwali", "Etah", "Kotwali", true}}
	all, err := ReadStations(strings.NewReader("\ufeff"+strings.ReplaceAll(directoryFile, "\n", "\r\n")), stored)
	if err != nil {
		t.Fatal(err)
	}
	want := []Station{
		{"lko-hazratganj", "Lucknow", "Hazratganj", true}, {"lko-gomtinagar", "Lucknow", "Gomti Nagar", true}, {"agra-kotwali", "Agra", "Kotwali", false},
	}
	if !reflect.DeepEqual(all, want) {
		t.Errorf("%+v", all)
	}
	if all, err := ReadStations(strings.NewReader("name,id,district\nKotwali,agra-kotwali,Agra\n"), nil); err != nil || len(all) != 1 || !all[0].Active {
		t.Errorf("a directory without the column active: %+v, %v", all, err)
	}
}

func TestGivenADirectoryWithMistakes_WhenRead_ThenAllAreNamedAndNothingIsTaken(t *testing.T) {
	stored := []Station{{"lko-hazratganj", "Lucknow", "Hazratganj", true}}
	for text, want := range map[string]string{
		"":                         "line 1: empty: want a first line with id,district,name,active",
		"id,district,name,active":  "line 1: no station in this file",
		"id,district\nx,Agra\n":    "line 1: name: is missing",
		"id,district,name,name\n":  "line 1: name: stands twice",
		"id,district,name,phone\n": "line 1: column 4: no such field: want one of id, district, name, active",
		"id,district,name\nx,Agra\ny-1,Paris,\nZ!,Agra,K\n": "line 2: 2 columns, the first line has 3\n" +
			"line 3: district: no district of Uttar Pradesh has this name: want one of the 75, such as Lucknow\nline 3: name: is missing\n" +
			"line 4: id: want at most 64 lower-case letters, digits and hyphens, beginning with a letter, such as lko-hazratganj",
		"id,district,name\nx,Agra,A\nx,Agra,B\n":    "line 3: id: stands in line 2 already",
		"id,district,name\nx,Agra,A\ny,Agra,A\n":    "line 3: name: line 2 has a station of this name in this district",
		"id,district,name\nlko-hazratganj,Agra,A\n": "line 2: district: the directory has this station in Lucknow: close it with active=no, and give the other one an id of its own",
		"id,district,name\nx,Lucknow,Hazratganj\n":  "line 2: name: the directory has a station of this name in this district, with the id lko-hazratganj",
		"id,district,name,active\nx,Agra,A,maybe\n": "line 2: active: want yes or no",
		"id,district,name\nx,Allahabad,A\n":         "line 2: district: not the name of a district: want Prayagraj",
		"id,district,name\nx,Agra,\"A\n":            "line 2: extraneous or missing \" in quoted-field: the rest of the file was not read",
		"id,district,name\nx,Agra,\xff\n":           "line 2: not UTF-8: save the file as UTF-8",
		"id,district,name\nx,Agra,A\x07B\n":         "line 2: name: want at most 120 characters that can be printed",
	} {
		all, err := ReadStations(strings.NewReader(text), stored)
		var r *Refusal
		if !errors.As(err, &r) || all != nil || r.Error() != want {
			t.Errorf("%q: %d stations\ngot:  %v\nwant: %s", text, len(all), err, want)
		}
	}
}

func FuzzReadStations(f *testing.F) {
	f.Add(directoryFile)
	f.Add("id,district,name\n\"")
	f.Add("id\n")
	stored := []Station{{"lko-hazratganj", "Lucknow", "Hazratganj", true}}
	f.Fuzz(func(t *testing.T, text string) {
		all, err := ReadStations(strings.NewReader(text), stored)
		if err == nil {
			ids := map[string]bool{}
			for _, s := range all {
				if s.ID == "" || s.District == "" || s.Name == "" || ids[s.ID] {
					t.Fatalf("cannot be stored: %+v", all)
				}
				ids[s.ID] = true
			}
			if len(all) == 0 {
				t.Fatal("neither stations nor findings")
			}
			return
		}
		var r *Refusal
		if !errors.As(err, &r) || all != nil || len(r.Findings) == 0 {
			t.Fatalf("%d stations and %v", len(all), err)
		}
		for _, one := range r.Findings {
			if one.Line < 1 || one.Line > 1+strings.Count(text, "\n") || one.Reason == "" {
				t.Fatalf("a finding without a place: %+v", one)
			}
		}
	})
}

// What a file refers to can be looked up before anything is written.
func TestGivenTakersAndStations_WhenACaseNamesOthers_ThenLineAndFieldAreNamed(t *testing.T) {
	k := known
	k.Takers = map[agent.ID]bool{"asha": true}
	k.Stations = map[string]Station{"agra-kotwali": {ID: "agra-kotwali", District: "Agra"}}
	const header = "ref,registered,taker,district,station,category,victim_numbers,may_call\n"
	_, err := ReadCSV(strings.NewReader(header+
		"K-1,2026-11-23 11:00,asha,Agra,agra-kotwali,phone,9812345670,yes\n"+
		"K-2,2026-11-23 11:00,bina,Agra,,phone,9812345671,yes\n"+
		"K-3,2026-11-23 11:00,asha,Agra,agra-sadar,phone,9812345672,yes\n"+
		"K-4,2026-11-23 11:00,asha,Lucknow,agra-kotwali,phone,9812345673,yes\n"), k)
	want := "line 3: taker: no woman who works here has this id: only a woman registers a case\n" +
		"line 4: station: no police station of the directory has this id\nline 5: station: it belongs to another district"
	if err == nil || err.Error() != want {
		t.Errorf("got:\n%v\nwant:\n%s", err, want)
	}
}

func TestGivenAWomanWhoTakesResponsibility_WhenTheFileNamesNobody_ThenSheHasRegisteredTheCases(t *testing.T) {
	k := known
	k.Taker = "bina"
	for _, text := range []string{
		"ref,registered,district,category,victim_numbers,may_call\nK-1,2026-11-23 11:00,Agra,phone,9812345670,yes\n",
		"ref,registered,taker,district,category,victim_numbers,may_call\nK-1,2026-11-23 11:00,,Agra,phone,9812345670,yes\n",
	} {
		all, err := ReadCSV(strings.NewReader(text), k)
		if err != nil || len(all) != 1 || all[0].Taker != "bina" {
			t.Errorf("%+v, %v", all, err)
		}
	}
	text := "ref,registered,taker,district,category,victim_numbers,may_call\nK-1,2026-11-23 11:00,asha,Agra,phone,9812345670,yes\n"
	if all, err := ReadCSV(strings.NewReader(text), k); err != nil || all[0].Taker != "asha" {
		t.Errorf("whom the file names comes first: %+v, %v", all, err)
	}
}
