// Package district is the list of the 75 districts of Uttar Pradesh. A station
// belongs to a district and is not one.
package district

import (
	"fmt"
	"slices"
	"strings"
)

// Names are the districts in alphabetical order, as the state writes them.
var Names = []string{
	"Agra", "Aligarh", "Ambedkar Nagar", "Amethi", "Amroha", "Auraiya", "Ayodhya", "Azamgarh",
	"Baghpat", "Bahraich", "Ballia", "Balrampur", "Banda", "Barabanki", "Bareilly", "Basti", "Bhadohi", "Bijnor", "Budaun", "Bulandshahr",
	"Chandauli", "Chitrakoot", "Deoria", "Etah", "Etawah", "Farrukhabad", "Fatehpur", "Firozabad",
	"Gautam Buddha Nagar", "Ghaziabad", "Ghazipur", "Gonda", "Gorakhpur", "Hamirpur", "Hapur", "Hardoi", "Hathras",
	"Jalaun", "Jaunpur", "Jhansi", "Kannauj", "Kanpur Dehat", "Kanpur Nagar", "Kasganj", "Kaushambi", "Kushinagar",
	"Lakhimpur Kheri", "Lalitpur", "Lucknow", "Maharajganj", "Mahoba", "Mainpuri", "Mathura", "Mau", "Meerut", "Mirzapur", "Moradabad", "Muzaffarnagar",
	"Pilibhit", "Pratapgarh", "Prayagraj", "Raebareli", "Rampur", "Saharanpur", "Sambhal", "Sant Kabir Nagar", "Shahjahanpur", "Shamli",
	"Shravasti", "Siddharthnagar", "Sitapur", "Sonbhadra", "Sultanpur", "Unnao", "Varanasi",
}

// renamed districts, and places that many take for one. They are refused with
// the right name, not guessed: a case in the wrong district is lost.
var renamed = map[string]string{
	"allahabad": "Prayagraj", "faizabad": "Ayodhya", "sant ravidas nagar": "Bhadohi", "jyotiba phule nagar": "Amroha",
	"mahamaya nagar": "Hathras", "kanshiram nagar": "Kasganj", "panchsheel nagar": "Hapur", "prabuddh nagar": "Shamli",
	"bhim nagar": "Sambhal", "ramabai nagar": "Kanpur Dehat", "chhatrapati shahuji maharaj nagar": "Amethi",
	"noida": "Gautam Buddha Nagar", "greater noida": "Gautam Buddha Nagar", "kheri": "Lakhimpur Kheri", "rae bareli": "Raebareli",
}

// Parse is the district of that name. Upper and lower case are alike; nothing
// else is forgiven. The error names a district only if the text is an old name.
func Parse(text string) (string, error) {
	i := slices.IndexFunc(Names, func(name string) bool { return strings.EqualFold(name, text) })
	if i >= 0 {
		return Names[i], nil
	}
	if now, ok := renamed[strings.ToLower(text)]; ok {
		return "", fmt.Errorf("not the name of a district: want %s", now)
	}
	return "", fmt.Errorf("no district of Uttar Pradesh has this name: want one of the 75, such as %s", Names[48])
}
