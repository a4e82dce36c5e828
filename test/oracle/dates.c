/* dates PORT TABLE ZONE: what ne_dates.h makes of each line of a file in a time zone; a number is a time,
 * too. */
#include "twin.h"

#include <ne_dates.h>
#include <time.h>

int main(int argc, char **argv) {
  begin_twin();
  FILE *table = fopen(argument(argc, argv, 2, ""), "r");
  if (table == NULL) return 71;
  setenv("TZ", argument(argc, argv, 3, "UTC0"), 1);
  tzset();

  char line[1024];
  while (fgets(line, sizeof line, table) != NULL) {
    line[strcspn(line, "\n")] = '\0';
    say_text("line", line);
    say_number("rfc1123", ne_rfc1123_parse(line));
    say_number("rfc1036", ne_rfc1036_parse(line));
    say_number("asctime", ne_asctime_parse(line));
    say_number("httpdate", ne_httpdate_parse(line));
    say_number("iso8601", ne_iso8601_parse(line));
    char *end;
    long long seconds = strtoll(line, &end, 10);
    if (end == line || *end != '\0') continue;
    char *text = ne_rfc1123_date((time_t)seconds);
    say_text("date", text);
    if (text != NULL) say_number("again", ne_httpdate_parse(text));
    free(text);
  }
  fclose(table);
  return 0;
}
