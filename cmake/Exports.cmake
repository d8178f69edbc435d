# Writes to OUTPUT the linker's version script that exports the names in the code of HEADERS, as version NODE, and no
# others.
set(names)
foreach(header IN LISTS HEADERS)
  file(READ ${header} code)
  string(REGEX REPLACE "/\\*([^*]|\\*+[^*/])*\\*+/" " " code "${code}")
  string(REGEX MATCHALL "[A-Za-z0-9_]+" words "${code}")
  list(FILTER words INCLUDE REGEX "^lws_")
  list(APPEND names ${words})
endforeach()
list(SORT names)
list(REMOVE_DUPLICATES names)
list(JOIN names ";\n" lines)
file(WRITE ${OUTPUT} "${NODE} {\nglobal:\n${lines};\nlocal:\n*;\n};\n")
