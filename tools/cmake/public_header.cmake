# cmake -DIN=header -DOUT=copy -P: the header as others include it.
file(READ ${IN} text)
string(REGEX REPLACE "#include \"(core|protocols)/" "#include \"meddle/\\1/" text "${text}")
string(REGEX REPLACE "#include \"(meddle/[^\"]*)\"" "#include <\\1>" text "${text}")
file(WRITE ${OUT} "${text}")
